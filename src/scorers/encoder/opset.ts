/** Operator sets of models that are joined: what was written for an older one is rewritten for the one they share. */
import { ModelError } from '../../contracts.js';
import { asNumber, type GraphMessage, type ModelMessage, type NodeMessage, tensor } from './onnx-message.js';

/** Older models have operators that are not merely written differently now. */
const OLDEST = 11;

export const opsetOf = (model: ModelMessage): number =>
  asNumber(model.opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')?.version ?? 0);

/**
 * The operator sets of all models in one list, the newest of ONNX's own.
 * @throws {ModelError} for one older than 11, and where another domain has two versions
 */
export function commonOpsets(models: readonly { readonly name: string; readonly model: ModelMessage }[]) {
  const versions = new Map<string, number>();
  for (const { name, model } of models) {
    const own = opsetOf(model);
    if (own < OLDEST) throw new ModelError(`${name}: expected ONNX operator set ${OLDEST} or newer, found ${own}`);
    versions.set('', Math.max(own, versions.get('') ?? 0));
    for (const { domain = '', version } of model.opsetImport) {
      if (domain === '' || domain === 'ai.onnx') continue;
      const before = versions.get(domain) ?? asNumber(version);
      if (before !== asNumber(version))
        throw new ModelError(
          `${name}: operators of ${domain} in version ${asNumber(version)} beside version ${before}`,
        );
      versions.set(domain, before);
    }
  }
  return [...versions].map(([domain, version]) => ({ domain, version }));
}

/** Attributes that became the operator's second input, and in which operator set. */
const MOVED: Readonly<Record<string, { readonly attribute: string; readonly since: number }>> = {
  Squeeze: { attribute: 'axes', since: 13 },
  Unsqueeze: { attribute: 'axes', since: 13 },
  ReduceSum: { attribute: 'axes', since: 13 },
  Split: { attribute: 'split', since: 13 },
  ReduceMax: { attribute: 'axes', since: 18 },
  ReduceMin: { attribute: 'axes', since: 18 },
  ReduceMean: { attribute: 'axes', since: 18 },
  ReduceProd: { attribute: 'axes', since: 18 },
  ReduceL1: { attribute: 'axes', since: 18 },
  ReduceL2: { attribute: 'axes', since: 18 },
  ReduceLogSum: { attribute: 'axes', since: 18 },
  ReduceLogSumExp: { attribute: 'axes', since: 18 },
  ReduceSumSquare: { attribute: 'axes', since: 18 },
};

/** Operators that mean something else from an operator set on. */
const CHANGED: Readonly<Record<string, number>> = { RoiAlign: 16, GridSample: 20 };

/**
 * The graph as operator set `to` writes it. @param from its own   @param name of the file, for the message
 * @throws {ModelError} naming an operator that cannot be rewritten
 */
export function upgraded(graph: GraphMessage, from: number, to: number, name: string): GraphMessage {
  const added: GraphMessage['initializer'] = [];
  const nodes = graph.node.map((old, i) => {
    refuseChanged(old, from, to, name);
    const inner = { ...old, attribute: old.attribute.map((a) => withGraphs(a, (g) => upgraded(g, from, to, name))) };
    const moved = MOVED[old.opType];
    if (!moved || (old.domain ?? '') !== '' || moved.since <= from || moved.since > to) return sized(inner, from, to);
    const values = inner.attribute.find((a) => a.name === moved.attribute)?.ints;
    if (!values?.length) return sized(inner, from, to);
    const input = `${moved.attribute}-of-node-${i}-${old.output[0]}`;
    added.push(tensor(input, values.map(asNumber), [values.length]));
    const attribute = inner.attribute.filter((a) => a.name !== moved.attribute);
    return sized({ ...inner, attribute, input: [old.input[0] ?? '', input] }, from, to);
  });
  return { ...graph, node: nodes, initializer: [...graph.initializer, ...added] };
}

/** From operator set 18 on a Split without sizes says how many parts it makes. */
function sized(split: NodeMessage, from: number, to: number): NodeMessage {
  if (split.opType !== 'Split' || split.input.length > 1 || from >= 18 || to < 18) return split;
  return { ...split, attribute: [...split.attribute, { name: 'num_outputs', i: split.output.length, type: 2 }] };
}

function refuseChanged({ opType, attribute }: NodeMessage, from: number, to: number, name: string): void {
  const since = CHANGED[opType];
  const softmax = ['Softmax', 'LogSoftmax', 'Hardmax'].includes(opType) && from < 13 && to >= 13;
  const axis = attribute.find((a) => a.name === 'axis')?.i;
  const unclear = softmax && (axis === undefined || asNumber(axis) !== -1);
  if (unclear || (since !== undefined && from < since && to >= since))
    throw new ModelError(`${name}: ${opType} of operator set ${from} means something else in ${to}; export it anew`);
}

/** An attribute with its graphs exchanged. */
export function withGraphs<A extends { g?: GraphMessage | null; graphs?: GraphMessage[] }>(
  attribute: A,
  change: (graph: GraphMessage) => GraphMessage,
): A {
  const graphs = attribute.graphs?.length ? { graphs: attribute.graphs.map(change) } : {};
  return { ...attribute, ...(attribute.g ? { g: change(attribute.g) } : {}), ...graphs };
}
