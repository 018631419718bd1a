import { z } from 'zod';
import { LEARN_MINUTES } from '../contracts.js';

const { least, most } = LEARN_MINUTES;
const error = ({ input }: { input?: unknown }) => `expected ${least} to ${most}, found ${JSON.stringify(input)}`;

/** Minutes of the command `learn`, however it comes. */
export const learnMinutes = z.number().min(least, { error }).max(most, { error });
