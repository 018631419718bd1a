/** Looked up by the service, which must not load TensorFlow.js: what a method is made of is imported when it fits. */
import type { Method } from '../method.js';
import { rowsOf } from '../row-matrix.js';
import type { Framework } from './picture-shape.js';
import { PICTURE_RECIPES, pictureSettings } from './settings.js';

function convolutional(name: string, framework: Framework, source: string): Method {
  return {
    name,
    source,
    recipes: PICTURE_RECIPES,
    rowKinds: ['mel-flat', 'image-flat'],
    defaults: (rowKind, _recipe, rows) => ({ ...pictureSettings(rowKind, rows) }),
    async fit(rows, options) {
      const { fitPictures } = await import('./fit.js');
      const settings = { ...pictureSettings(options.rowKind, rowsOf(rows)), ...options.settings };
      return fitPictures(framework, rows, settings, options);
    },
  };
}

const ZONG = 'Zong et al., Deep Autoencoding Gaussian Mixture Model for Unsupervised Anomaly Detection, ICLR 2018';

export const CONVOLUTIONAL_METHODS: readonly Method[] = [
  convolutional('dagmm-conv', 'plain', `${ZONG}, with a convolutional autoencoder`),
  convolutional(
    'dagmm-residual',
    'residual',
    `${ZONG}, with an autoencoder of residual blocks (He et al., Deep Residual Learning, CVPR 2016)`,
  ),
];
