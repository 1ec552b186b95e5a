import { type AttributeValue, node, tensor } from "../onnx/build.ts";
import type { ElementTypeName } from "../onnx/element-types.ts";
import type { GraphProto, NodeProto, TensorProto } from "../onnx/messages.ts";
import { namesIn } from "./uses.ts";
import type { NumericData } from "../tensor.ts";

/** Of the operators that ONNX Runtime adds to those of ONNX. */
export const runtimeDomain = "com.microsoft";

/** Nodes and tensors of a graph that is written anew, under names that nothing in it has. */
export class GraphDraft {
  readonly nodes: NodeProto[] = [];
  readonly tensors: TensorProto[] = [];
  private readonly names: Set<string>;
  private readonly shared = new Map<string, string>();

  constructor(graph: GraphProto) {
    this.names = namesIn(graph);
  }

  /** Adds a node with one output, whose name is wanted; returns the name it has. */
  add(
    operator: string,
    inputs: readonly string[],
    wanted: string,
    attributes: Record<string, AttributeValue> = {},
  ): string {
    const output = this.fresh(wanted);
    this.addTo(operator, inputs, [output], attributes);
    return output;
  }

  /** Adds a node whose outputs have the names they are given. */
  addTo(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
  ): void {
    const name = this.fresh(`${outputs[0] ?? ""}_${operator}`);
    this.nodes.push(node(operator, inputs, outputs, { name, attributes }));
  }

  /** Adds a node of ONNX Runtime's own operators; returns the name of its output. */
  addOfRuntime(operator: string, inputs: readonly string[], wanted: string): string {
    const output = this.fresh(wanted);
    const name = this.fresh(`${output}_${operator}`);
    this.nodes.push(node(operator, inputs, [output], { name, domain: runtimeDomain }));
    return output;
  }

  store(wanted: string, type: ElementTypeName, dims: readonly number[], data: NumericData): string {
    const name = this.fresh(wanted);
    this.tensors.push(tensor(name, type, dims, data));
    return name;
  }

  /** Stores a small constant once, whoever asks for it. */
  constant(
    wanted: string,
    type: ElementTypeName,
    dims: readonly number[],
    data: NumericData,
  ): string {
    const name = this.shared.get(wanted) ?? this.store(wanted, type, dims, data);
    this.shared.set(wanted, name);
    return name;
  }

  /** A name that nothing in the graph has. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count += 1) name = `${wanted}_${count}`;
    this.names.add(name);
    return name;
  }
}
