import { fitJointly } from './joint-fit.js';

/** DAGMM without the reconstruction term: nothing holds the code to what a row is. */
export const fit = fitJointly('gmm-en', { reconstruction: false });
