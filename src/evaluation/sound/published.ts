/** Figures that others have published on MIMII and on DCASE 2020's development set. */
import type { SoundMachine } from './dataset.js';

export interface PublishedSound {
  /** `mimii` or `dcase2020`. */
  readonly dataset: string;
  /** `pump` */
  readonly type: string;
  /** `id_00`; '' for the mean over the ids. */
  readonly section: string;
  /** MIMII: signal to noise, dB; null where there is none, or it was not stated. */
  readonly snrDb: number | null;
  readonly method: string;
  /** Our preset that follows the publication, where there is one. */
  readonly preset?: string;
  readonly precision?: number;
  readonly recall?: number;
  readonly f1?: number;
  readonly auc?: number;
  readonly pauc?: number;
  readonly source: string;
}

const CUSTOMER = "the customer's figures on pumps of MIMII and DCASE; ids and noise level not stated";
const MIMII_AE = "MIMII's baseline autoencoder, channel 0, figures by github.com/yachuchi/mimii";
const DCASE_AE = "DCASE 2020 Task 2's baseline autoencoder, github.com/y-kawagu/dcase2020_task2_baseline";
const STGRAM = 'Liu et al., ICASSP 2022, github.com/liuyoude/STgram-MFN; learns from all machines of a type together';

const mean = (values: readonly number[]): number =>
  Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4));

type Customer = readonly [method: string, preset: string | undefined, ...five: (number | undefined)[]];

/** Precision, recall, F1, AUC, pAUC. */
const CUSTOMERS: readonly Customer[] = [
  ['customer, raw', 'raw-flat', 0.641, 0.6944, 0.6667, 0.805, 0.6613],
  ['customer, mel', 'mel-flat', 0.6667, 0.6582, 0.6624, 0.7464, 0.6371],
  ['customer, CNN on mel', 'mel-cnn', 0.601, 0.4216, 0.5057, 0.4532, 0.4098],
  ['competition, as the customer states it', undefined, undefined, undefined, undefined, 0.9, 0.71],
];

const customers = ['mimii', 'dcase2020'].flatMap((dataset) =>
  CUSTOMERS.map(
    ([method, preset, precision, recall, f1, auc, pauc]): PublishedSound => ({
      ...{ dataset, type: 'pump', section: '', snrDb: null, method, source: CUSTOMER },
      ...defined({ preset, precision, recall, f1, auc, pauc }),
    }),
  ),
);

function defined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** AUC of ids 00, 02, 04 and 06. */
const MIMII_AUC: Readonly<Record<string, Readonly<Record<number, readonly number[]>>>> = {
  fan: {
    6: [0.7665, 0.9841, 0.9325, 0.9982],
    0: [0.5897, 0.8722, 0.7713, 0.9866],
    [-6]: [0.5627, 0.6915, 0.595, 0.8732],
  },
  pump: {
    6: [0.7973, 0.4854, 0.977, 0.9358],
    0: [0.6139, 0.493, 0.9458, 0.885],
    [-6]: [0.6039, 0.5605, 0.9158, 0.5985],
  },
  slider: {
    6: [0.995, 0.8219, 0.9242, 0.6867],
    0: [0.9836, 0.8245, 0.7956, 0.5268],
    [-6]: [0.9492, 0.7682, 0.6739, 0.5415],
  },
  valve: {
    6: [0.7781, 0.666, 0.6417, 0.6302],
    0: [0.5661, 0.5563, 0.6283, 0.6506],
    [-6]: [0.674, 0.5671, 0.4543, 0.5383],
  },
};

const mimii = Object.entries(MIMII_AUC).flatMap(([type, levels]) =>
  [6, 0, -6].flatMap((snrDb) => {
    const aucs = levels[snrDb] ?? [];
    const common = { dataset: 'mimii', type, snrDb, method: 'MIMII autoencoder', preset: 'mimii-ae', source: MIMII_AE };
    return [
      { ...common, section: '', auc: mean(aucs) },
      ...aucs.map((auc, i) => ({ ...common, section: `id_0${2 * i}`, auc })),
    ];
  }),
);

/** AUC and pAUC of ids 00, 02, 04, 06; 01, 02, … of the toys. */
type PerId = readonly (readonly [auc: number, pauc: number])[];

const DCASE_2020: Readonly<Record<string, PerId>> = {
  ToyCar: [
    [0.8285, 0.6785],
    [0.8663, 0.7622],
    [0.6394, 0.5467],
    [0.8695, 0.7015],
  ],
  ToyConveyor: [
    [0.7935, 0.6504],
    [0.6424, 0.5644],
    [0.7446, 0.6049],
  ],
  fan: [
    [0.5396, 0.4924],
    [0.7219, 0.5542],
    [0.6221, 0.5271],
    [0.7228, 0.53],
  ],
  pump: [
    [0.6708, 0.5727],
    [0.6094, 0.5804],
    [0.8886, 0.6768],
    [0.7349, 0.5702],
  ],
  slider: [
    [0.9633, 0.8185],
    [0.7881, 0.6288],
    [0.946, 0.7395],
    [0.7022, 0.4902],
  ],
  valve: [
    [0.6873, 0.5135],
    [0.6741, 0.5123],
    [0.744, 0.5154],
    [0.5528, 0.4829],
  ],
};

const STGRAM_MFN: Readonly<Record<string, PerId>> = {
  ToyCar: [
    [0.8307, 0.6522],
    [0.9516, 0.8743],
    [0.9952, 0.981],
    [0.9999, 0.9997],
  ],
  ToyConveyor: [
    [0.8697, 0.7668],
    [0.6416, 0.5472],
    [0.7259, 0.5941],
  ],
  fan: [
    [0.9506, 0.8946],
    [0.9969, 0.9834],
    [0.8139, 0.681],
    [1, 0.9999],
  ],
  pump: [
    [0.8923, 0.7449],
    [0.8348, 0.6932],
    [0.9999, 0.9995],
    [0.9505, 0.8323],
  ],
  slider: [
    [1, 1],
    [0.9822, 0.9064],
    [0.9999, 0.9994],
    [0.9998, 0.9988],
  ],
  valve: [
    [1, 1],
    [0.9883, 0.9522],
    [1, 1],
    [0.9973, 0.9855],
  ],
};

function perId(
  table: Readonly<Record<string, PerId>>,
  named: { readonly method: string; readonly preset?: string; readonly source: string },
): PublishedSound[] {
  return Object.entries(table).flatMap(([type, ids]) => {
    const common = { dataset: 'dcase2020', type, snrDb: null, ...named };
    const number = (i: number) => (type.startsWith('Toy') ? i + 1 : 2 * i);
    return [
      { ...common, section: '', auc: mean(ids.map(([auc]) => auc)), pauc: mean(ids.map(([, pauc]) => pauc)) },
      ...ids.map(([auc, pauc], i) => ({ ...common, section: `id_0${number(i)}`, auc, pauc })),
    ];
  });
}

export const PUBLISHED_SOUND: readonly PublishedSound[] = [
  ...customers,
  ...mimii,
  ...perId(DCASE_2020, { method: 'DCASE 2020 autoencoder', preset: 'dcase-ae', source: DCASE_AE }),
  ...perId(STGRAM_MFN, { method: 'STgram-MFN', source: STGRAM }),
  {
    dataset: 'dcase2020',
    type: 'pump',
    section: '',
    snrDb: null,
    method: 'ResNet with outlier exposure',
    auc: 0.93,
    pauc: 0.874,
    source: 'ResNet with outlier exposure: as a public repository states; learns from other machines as anomalies',
  },
];

/** Published figures of these machines' types, ids and noise levels. */
export function publishedSound(dataset: string, machines: readonly SoundMachine[]): PublishedSound[] {
  const traits = machines.map(traitsOf);
  return PUBLISHED_SOUND.filter(
    (figure) => (dataset === 'folder' || figure.dataset === dataset) && traits.some((machine) => isOf(figure, machine)),
  );
}

/** Whether the machine is among those that the figure is of, as far as both say. */
export function isOf(figure: PublishedSound, { type, section, snrDb }: MachineTraits): boolean {
  if (figure.type !== type) return false;
  if (figure.section !== '' && section !== '' && figure.section !== section) return false;
  return figure.snrDb === null || snrDb === null || figure.snrDb === snrDb;
}

export type MachineTraits = Pick<SoundMachine, 'type' | 'section' | 'snrDb'>;

/** A folder's own name may tell them: `fan_id_00_0dB`. */
export function traitsOf({ type, section, snrDb }: MachineTraits): MachineTraits {
  if (section !== '' || snrDb !== null) return { type, section, snrDb };
  const [kind] = /fan|pump|slider|valve/i.exec(type) ?? [];
  const [id = ''] = /id_\d+/i.exec(type) ?? [];
  const noise = /(-|min)?(\d+)_?dB/i.exec(type);
  if (!kind) return { type, section, snrDb };
  return {
    type: kind.toLowerCase(),
    section: id.toLowerCase(),
    snrDb: noise ? Number(noise[2]) * (noise[1] && noise[2] !== '0' ? -1 : 1) : null,
  };
}
