/** What the file names of DCASE Task 2 say. */

export interface DcaseName {
  /** `id_00`, `section_00` */
  readonly section: string;
  /** As the name or else the folder says. */
  readonly side: 'train' | 'test' | null;
  readonly domain: 'source' | 'target' | null;
  /** null: of an evaluation set, whose labels are not in the names. */
  readonly anomalous: boolean | null;
}

export type DcaseStyle = 'id' | 'section';

/** 2020: normal_id_00_00000000.wav; evaluation set id_01_00000000.wav. */
const ID = /^(?:(normal|anomaly)_)?(id_\d+)_\d+\.wav$/i;
/**
 * 2021 and later: section_00_source_train_normal_0000_<attributes>.wav; evaluation sets section_03_source_test_0000.wav,
 * section_03_test_0000.wav and section_00_0000.wav.
 */
const SECTION = /^(section_\d+)(?:_(source|target))?(?:_(train|test))?(?:_(normal|anomaly))?_\d+(?:_.*)?\.wav$/i;

/** null when the name is of another style. */
export function dcaseName(name: string, style: DcaseStyle): DcaseName | null {
  const found = (style === 'id' ? ID : SECTION).exec(name.toLowerCase());
  if (!found) return null;
  const [section, domain, side, label] =
    style === 'id' ? [found[2], undefined, undefined, found[1]] : [found[1], found[2], found[3], found[4]];
  return {
    section: section ?? '',
    side: (side ?? null) as DcaseName['side'],
    domain: (domain ?? null) as DcaseName['domain'],
    anomalous: label === undefined ? null : label === 'anomaly',
  };
}
