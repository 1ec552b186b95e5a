import type { GraphProto, ModelProto, NodeProto } from "../onnx/messages.ts";

/** The graphs that are attributes of a node: bodies of If, Loop and Scan. */
export function subgraphs({ attribute }: NodeProto): GraphProto[] {
  return attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));
}

/**
 * How often each value is read: by nodes, in subgraphs too, and as an output of the graph. A name
 * that a subgraph defines anew counts as well, which errs on the side of keeping a value.
 */
export function countUses(nodes: readonly NodeProto[], model: ModelProto): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string | undefined): void => {
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const countNodes = (list: readonly NodeProto[]): void => {
    for (const node of list) {
      node.input.forEach(count);
      subgraphs(node).forEach(countGraph);
    }
  };
  const countGraph = (graph: GraphProto): void => {
    countNodes(graph.node);
    for (const { name } of graph.output) count(name);
  };
  countNodes(nodes);
  for (const { name } of model.graph?.output ?? []) count(name);
  for (const training of model.trainingInfo) {
    for (const graph of [training.initialization, training.algorithm]) {
      if (graph !== undefined) countGraph(graph);
    }
    for (const { key, value } of [...training.initializationBinding, ...training.updateBinding]) {
      count(key);
      count(value);
    }
  }
  return counts;
}

/** Every name of a value or node that stands in a graph or its subgraphs. */
export function namesIn(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  const visit = ({ node, initializer, input, output, valueInfo }: GraphProto): void => {
    for (const { name } of [...initializer, ...input, ...output, ...valueInfo])
      names.add(name ?? "");
    for (const one of node) {
      for (const name of [...one.input, ...one.output, one.name ?? ""]) names.add(name);
      subgraphs(one).forEach(visit);
    }
  };
  visit(graph);
  return names;
}
