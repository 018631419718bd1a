import type { GraphMessage } from './onnx-message.js';
import { withGraphs } from './opset.js';

/** The graph with another name for every value, inner graphs included; '' stands for an input that is left out. */
export function renamed(graph: GraphMessage, nameOf: (name: string) => string): GraphMessage {
  const name = (own: string): string => (own === '' ? '' : nameOf(own));
  return {
    ...graph,
    node: graph.node.map((node) => ({
      ...node,
      name: name(node.name ?? ''),
      input: node.input.map(name),
      output: node.output.map(name),
      attribute: node.attribute.map((attribute) => withGraphs(attribute, (inner) => renamed(inner, nameOf))),
    })),
    initializer: graph.initializer.map((initializer) => ({ ...initializer, name: name(initializer.name) })),
    input: graph.input.map((value) => ({ ...value, name: name(value.name) })),
    output: graph.output.map((value) => ({ ...value, name: name(value.name) })),
  };
}
