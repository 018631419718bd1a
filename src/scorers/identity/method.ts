/** Looked up by the service, which must not load TensorFlow.js: what the method is made of is imported when it fits. */
import { ModelError } from '../../contracts.js';
import type { Method } from '../method.js';
import { rowsOf } from '../row-matrix.js';
import { type IdentitySettings, identitySettings, STATISTICS } from './settings.js';

export const dagmmId: Method = {
  name: 'dagmm-id',
  source:
    'Zong et al., ICLR 2018, with an encoder that also classifies: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019',
  recipes: ['robust'],
  rowKinds: ['mel-flat'],
  defaults: (_rowKind, _recipe, rows, width) => ({ ...identitySettings(rows, width) }),
  async fit(rows, options) {
    const [frames = 0, bands = 0] = options.rowShape ?? [];
    if (options.rowKind !== 'mel-flat' || frames < 2 || frames * bands !== rows.width)
      throw new ModelError(
        `dagmm-id: expected pictures of log-mel, found ${options.rowKind} [${options.rowShape ?? rows.width}]`,
      );
    const { fitIdentity } = await import('./dagmm-id.js');
    const own = identitySettings(rowsOf(rows), STATISTICS * bands);
    return fitIdentity(rows, { ...own, ...options.settings } as IdentitySettings, { frames, bands }, options);
  },
};
