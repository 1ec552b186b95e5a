import { StudioError, exitCodes } from "../../errors.ts";
import { node, tensor, value } from "../onnx/build.ts";
import { elementTypes } from "../onnx/element-types.ts";
import type {
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "../onnx/messages.ts";
import type { ConstantMatrix, Sources } from "./constants.ts";
import { type Plan, planNode } from "./plan.ts";
import { countUses, namesIn } from "./uses.ts";
import { type QuantizedMatrix, quantizeColumns, quantizeRows, transposed } from "./weights.ts";

export interface QuantizeOptions {
  /** The largest whole number that a weight becomes: one of `weightLimits`. */
  limit: number;
  /** Tables that Gather takes rows from are quantized too. */
  embeddings: boolean;
  /** A tensor with its elements, wherever they are stored. */
  load(tensor: TensorProto): Promise<TensorProto>;
}

export interface NodeNote {
  /** Its name, or that of its output. */
  node: string;
  operator: string;
}

export interface QuantizedModel {
  model: ModelProto;
  quantized: (NodeNote & { weight: string; shape: [number, number] })[];
  left: (NodeNote & { reason: string })[];
  /** Weights that callers could give as inputs, and no longer can. */
  droppedInputs: string[];
}

/**
 * Replaces products with constant weights by products of whole numbers: each activation is
 * quantized to uint8 when it is computed (DynamicQuantizeLinear), the weights are int8 with a scale
 * a column (MatMulInteger), and the product is scaled back. ONNX Runtime makes one step of it.
 * An activation has one scale over all its rows, so rows of a batch change each other's last digits.
 * Operators: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
 * @throws StudioError `model.quantize.version` for a model of operators before version 11
 */
export async function quantizeModel(
  model: ModelProto,
  options: QuantizeOptions,
): Promise<QuantizedModel> {
  requireOperators(model);
  const { graph } = model;
  if (graph === undefined) return { model, quantized: [], left: [], droppedInputs: [] };
  const rewriting = new Rewriting(model, graph, options);
  for (const one of graph.node) await rewriting.take(one);
  return rewriting.finish();
}

/** DynamicQuantizeLinear came with version 11 of ONNX's operators. */
function requireOperators({ opsetImport }: ModelProto): void {
  const own = opsetImport.find(({ domain = "" }) => domain === "" || domain === "ai.onnx");
  const version = own?.version ?? 1n;
  if (version >= 11n) return;
  throw new StudioError({
    code: "model.quantize.version",
    message: `The model is of ONNX operators version ${version}; quantizing needs 11 or later.`,
    hint: "Export the model again for a later version of the operators (opset).",
    exitCode: exitCodes.usage,
  });
}

interface StoredMatrix {
  values: string;
  scales: string;
}

class Rewriting {
  private readonly nodes: NodeProto[] = [];
  private readonly added: TensorProto[] = [];
  private readonly quantized: QuantizedModel["quantized"] = [];
  private readonly left: QuantizedModel["left"] = [];
  private readonly replaced = new Set<string>();
  private readonly activations = new Map<string, [values: string, scale: string, zero: string]>();
  private readonly matrices = new Map<string, StoredMatrix>();
  private readonly names: Set<string>;
  private readonly sources: Sources;
  private readonly model: ModelProto;
  private readonly graph: GraphProto;
  private readonly options: QuantizeOptions;

  constructor(model: ModelProto, graph: GraphProto, options: QuantizeOptions) {
    this.model = model;
    this.graph = graph;
    this.options = options;
    this.names = namesIn(graph);
    this.sources = {
      initializers: new Map(graph.initializer.map((one) => [one.name ?? "", one])),
      producers: new Map(graph.node.flatMap((one) => one.output.map((name) => [name, one]))),
      load: (tensor) => options.load(tensor),
    };
  }

  async take(one: NodeProto): Promise<void> {
    const plan = await planNode(one, this.sources, this.options.embeddings);
    const name = one.name === undefined || one.name === "" ? (one.output[0] ?? "") : one.name;
    if (plan === null || plan.kind === "left") {
      if (plan !== null) {
        this.left.push({ node: name, operator: plan.operator, reason: plan.reason });
      }
      this.nodes.push(one);
      return;
    }
    const { matrix } = plan;
    if (plan.kind === "product") this.replaceProduct(one, plan);
    else this.replaceTable(one, matrix);
    for (const value of matrix.chain) this.replaced.add(value);
    this.quantized.push({
      node: name,
      operator: one.opType ?? "",
      weight: matrix.chain.at(-1) ?? "",
      shape: [matrix.rows, matrix.columns],
    });
  }

  private replaceProduct(one: NodeProto, plan: Extract<Plan, { kind: "product" }>): void {
    const [input = ""] = one.input;
    const [output = ""] = one.output;
    const [values, scale, zero] = this.activation(input);
    const weights = this.columns(plan.matrix, plan.turned);
    const whole = this.fresh(`${output}_int32`);
    const floats = this.fresh(`${output}_float`);
    const scales = this.fresh(`${output}_scale`);
    const product = plan.bias === null ? output : this.fresh(`${output}_product`);
    this.add("MatMulInteger", [values, weights.values, zero], whole);
    this.add("Cast", [whole], floats, { to: elementTypes.float32.number });
    this.add("Mul", [scale, weights.scales], scales);
    this.add("Mul", [floats, scales], product);
    if (plan.bias !== null) this.add("Add", [product, plan.bias], output);
  }

  /** Takes rows of whole numbers, and each row's scale beside it. */
  private replaceTable(one: NodeProto, matrix: ConstantMatrix): void {
    const [, indices = ""] = one.input;
    const [output = ""] = one.output;
    const rows = this.fresh(`${output}_int8`);
    const floats = this.fresh(`${output}_float`);
    const scales = this.fresh(`${output}_scale`);
    const table = this.stored(`${matrix.chain[0]} rows`, matrix, () => ({
      shape: [matrix.rows, 1],
      quantized: quantizeRows(matrix.data, matrix.columns),
    }));
    this.add("Gather", [table.values, indices], rows);
    this.add("Cast", [rows], floats, { to: elementTypes.float32.number });
    this.add("Gather", [table.scales, indices], scales);
    this.add("Mul", [floats, scales], output);
  }

  private activation(input: string): [values: string, scale: string, zero: string] {
    const known = this.activations.get(input);
    if (known !== undefined) return known;
    const made: [string, string, string] = [
      this.fresh(`${input}_uint8`),
      this.fresh(`${input}_scale`),
      this.fresh(`${input}_zero`),
    ];
    const name = this.fresh(`${input}_quantize`);
    this.nodes.push(node("DynamicQuantizeLinear", [input], made, { name }));
    this.activations.set(input, made);
    return made;
  }

  private columns(matrix: ConstantMatrix, turned: boolean): StoredMatrix {
    const shape = turned ? [matrix.columns, matrix.rows] : [matrix.rows, matrix.columns];
    const [, columns = 0] = shape;
    return this.stored(
      `${matrix.chain[0]} ${String(turned)}`,
      matrix,
      () => {
        const data = turned ? transposed(matrix.data, matrix.rows, matrix.columns) : matrix.data;
        return { shape: [columns], quantized: quantizeColumns(data, columns, this.options.limit) };
      },
      shape,
    );
  }

  /** Stores a matrix once, however many nodes use it. */
  private stored(
    key: string,
    { chain, rows, columns }: ConstantMatrix,
    quantize: () => { shape: number[]; quantized: QuantizedMatrix },
    shape: number[] = [rows, columns],
  ): StoredMatrix {
    const known = this.matrices.get(key);
    if (known !== undefined) return known;
    const { shape: scaleShape, quantized } = quantize();
    const values = this.fresh(`${chain[0]}_int8`);
    const scales = this.fresh(`${chain[0]}_scale`);
    this.added.push(tensor(values, "int8", shape, quantized.values));
    this.added.push(tensor(scales, "float32", scaleShape, quantized.scales));
    this.matrices.set(key, { values, scales });
    return { values, scales };
  }

  finish(): QuantizedModel {
    const gone = this.unused();
    const initializer = this.graph.initializer.filter(({ name = "" }) => !gone.has(name));
    const kept = this.graph.input.filter(({ name = "" }) => !gone.has(name));
    const graph: GraphProto = {
      ...this.graph,
      node: this.nodes.filter(({ output }) => !output.some((name) => gone.has(name))),
      initializer: [...initializer, ...this.added],
      input: [...kept, ...this.addedInputs()],
      valueInfo: this.graph.valueInfo.filter(({ name = "" }) => !gone.has(name)),
    };
    const dropped = this.graph.input.filter((input) => !kept.includes(input));
    const overridable = (this.model.irVersion ?? 0n) >= 4n;
    return {
      model: { ...this.model, graph },
      quantized: this.quantized,
      left: this.left,
      droppedInputs: overridable ? dropped.map(({ name = "" }) => name) : [],
    };
  }

  /** Names on the way to a replaced weight that nothing reads any more. */
  private unused(): Set<string> {
    const gone = new Set<string>();
    let before = -1;
    while (gone.size !== before) {
      before = gone.size;
      const nodes = this.nodes.filter(({ output }) => !output.some((name) => gone.has(name)));
      const uses = countUses(nodes, this.model);
      for (const name of this.replaced) if (!uses.has(name)) gone.add(name);
    }
    return gone;
  }

  /** Before version 4 of its format a model lists every initializer among its inputs. */
  private addedInputs(): ValueInfoProto[] {
    if ((this.model.irVersion ?? 0n) >= 4n) return [];
    return this.added.map(({ name = "", dataType, dims }) => {
      const type = dataType === elementTypes.int8.number ? "int8" : "float32";
      return value(name, type, Array.from(dims, Number));
    });
  }

  private add(
    operator: string,
    inputs: string[],
    output: string,
    attributes: Record<string, number> = {},
  ): void {
    const name = this.fresh(`${output}_${operator}`);
    this.nodes.push(node(operator, inputs, [output], { name, attributes }));
  }

  /** A name that nothing in the graph has. */
  private fresh(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count += 1) name = `${wanted}_${count}`;
    this.names.add(name);
    return name;
  }
}
