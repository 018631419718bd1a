import { evidenceBound } from './evidence-bound.js';
import { fitJointly } from './joint-fit.js';

/** Neural variational inference: the bound of Zong et al., eq. 10, for the energy that it bounds. */
export const fit = fitJointly('dagmm-nvi', { mixture: evidenceBound });
