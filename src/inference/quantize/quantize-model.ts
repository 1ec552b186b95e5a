import { StudioError, exitCodes } from "../../errors.ts";
import { operatorSet, value } from "../onnx/build.ts";
import { elementTypeName, elementTypes } from "../onnx/element-types.ts";
import type {
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "../onnx/messages.ts";
import { type Activation, quantizeEachRow, quantizeWhole } from "./activations.ts";
import type { ConstantMatrix, Sources } from "./constants.ts";
import { GraphDraft, runtimeDomain } from "./graph-draft.ts";
import { type Plan, planNode } from "./plan.ts";
import { type StoredMatrix, multiplyEachRow, multiplyWhole } from "./products.ts";
import { countUses } from "./uses.ts";
import { type QuantizedMatrix, quantizeColumns, quantizeRows, transposed } from "./weights.ts";

export interface QuantizeOptions {
  /** The largest whole number that a weight becomes: one of `weightLimits`. */
  limit: number;
  /** Each row of an activation has a scale of its own, so rows of a batch do not touch each other. */
  eachRow: boolean;
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
 * quantized to uint8 when it is computed, the weights are int8 with a scale a column, and the product
 * is scaled back: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
 * @throws StudioError `model.quantize.version` for a model of operators before version 11
 */
export async function quantizeModel(
  model: ModelProto,
  options: QuantizeOptions,
): Promise<QuantizedModel> {
  const version = operatorVersion(model);
  const { graph } = model;
  if (graph === undefined) return { model, quantized: [], left: [], droppedInputs: [] };
  const rewriting = new Rewriting(model, graph, version, options);
  for (const one of graph.node) await rewriting.take(one);
  return rewriting.finish();
}

/** DynamicQuantizeLinear came with version 11 of ONNX's operators. */
function operatorVersion({ opsetImport }: ModelProto): bigint {
  const own = opsetImport.find(({ domain = "" }) => domain === "" || domain === "ai.onnx");
  const version = own?.version ?? 1n;
  if (version >= 11n) return version;
  throw new StudioError({
    code: "model.quantize.version",
    message: `The model is of ONNX operators version ${version}; quantizing needs 11 or later.`,
    hint: "Export the model again for a later version of the operators (opset).",
    exitCode: exitCodes.usage,
  });
}

type ProductPlan = Extract<Plan, { kind: "product" }>;

class Rewriting {
  private readonly draft: GraphDraft;
  private readonly quantized: QuantizedModel["quantized"] = [];
  private readonly left: QuantizedModel["left"] = [];
  private readonly replaced = new Set<string>();
  private readonly activations = new Map<string, Activation>();
  private readonly matrices = new Map<string, StoredMatrix>();
  private readonly sources: Sources;
  private readonly model: ModelProto;
  private readonly graph: GraphProto;
  private readonly version: bigint;
  private readonly options: QuantizeOptions;

  constructor(model: ModelProto, graph: GraphProto, version: bigint, options: QuantizeOptions) {
    this.model = model;
    this.graph = graph;
    this.version = version;
    this.options = options;
    this.draft = new GraphDraft(graph);
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
      this.draft.nodes.push(one);
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

  private replaceProduct(one: NodeProto, plan: ProductPlan): void {
    const { draft } = this;
    const [input = ""] = one.input;
    const [output = ""] = one.output;
    const weights = this.columns(plan.matrix, plan.turned);
    const product = plan.bias === null ? output : draft.fresh(`${output}_product`);
    const multiply = this.options.eachRow ? multiplyEachRow : multiplyWhole;
    multiply(draft, this.activation(input, plan), weights, product);
    if (plan.bias !== null) draft.addTo("Add", [product, plan.bias], [output]);
  }

  /** Takes rows of whole numbers, and each row's scale beside it. */
  private replaceTable(one: NodeProto, matrix: ConstantMatrix): void {
    const { draft } = this;
    const [, indices = ""] = one.input;
    const [output = ""] = one.output;
    const table = this.stored(`${matrix.chain[0]} rows`, matrix, () => ({
      shape: [matrix.rows, matrix.columns],
      scaleShape: [matrix.rows, 1],
      quantized: quantizeRows(matrix.data, matrix.columns),
    }));
    const rows = draft.add("Gather", [table.values, indices], `${output}_int8`);
    const to = elementTypes.float32.number;
    const floats = draft.add("Cast", [rows], `${output}_float`, { to });
    const scales = draft.add("Gather", [table.scales, indices], `${output}_scale`);
    draft.addTo("Mul", [floats, scales], [output]);
  }

  private activation(input: string, { matrix, turned }: ProductPlan): Activation {
    const known = this.activations.get(input);
    if (known !== undefined) return known;
    const width = turned ? matrix.columns : matrix.rows;
    const made = this.options.eachRow
      ? quantizeEachRow(this.draft, { input, width }, this.version)
      : quantizeWhole(this.draft, input);
    this.activations.set(input, made);
    return made;
  }

  private columns(matrix: ConstantMatrix, turned: boolean): StoredMatrix {
    return this.stored(`${matrix.chain[0]} ${String(turned)}`, matrix, () => {
      const { rows, columns } = matrix;
      const data = turned ? transposed(matrix.data, rows, columns) : matrix.data;
      const shape = turned ? [columns, rows] : [rows, columns];
      const width = shape[1] ?? 0;
      const quantized = quantizeColumns(data, width, this.options.limit);
      return { shape, scaleShape: [width], quantized };
    });
  }

  /** Stores a matrix once, however many nodes use it. */
  private stored(
    key: string,
    { chain }: ConstantMatrix,
    quantize: () => { shape: number[]; scaleShape: number[]; quantized: QuantizedMatrix },
  ): StoredMatrix {
    const known = this.matrices.get(key);
    if (known !== undefined) return known;
    const { shape, scaleShape, quantized } = quantize();
    const values = this.draft.store(`${chain[0]}_int8`, "int8", shape, quantized.values);
    const scales = this.draft.store(`${chain[0]}_scale`, "float32", scaleShape, quantized.scales);
    this.matrices.set(key, { values, scales });
    return { values, scales };
  }

  finish(): QuantizedModel {
    const gone = this.unused();
    const initializer = this.graph.initializer.filter(({ name = "" }) => !gone.has(name));
    const kept = this.graph.input.filter(({ name = "" }) => !gone.has(name));
    const graph: GraphProto = {
      ...this.graph,
      node: this.draft.nodes.filter(({ output }) => !output.some((name) => gone.has(name))),
      initializer: [...initializer, ...this.draft.tensors],
      input: [...kept, ...this.addedInputs()],
      valueInfo: this.graph.valueInfo.filter(({ name = "" }) => !gone.has(name)),
    };
    const dropped = this.graph.input.filter((input) => !kept.includes(input));
    const overridable = (this.model.irVersion ?? 0n) >= 4n;
    return {
      model: { ...this.model, graph, opsetImport: this.operatorSets() },
      quantized: this.quantized,
      left: this.left,
      droppedInputs: overridable ? dropped.map(({ name = "" }) => name) : [],
    };
  }

  /** What of ONNX Runtime's own operators is used must be among them. */
  private operatorSets(): ModelProto["opsetImport"] {
    const { opsetImport } = this.model;
    const used = this.draft.nodes.some(({ domain }) => domain === runtimeDomain);
    const known = opsetImport.some(({ domain }) => domain === runtimeDomain);
    return used && !known ? [...opsetImport, operatorSet(runtimeDomain, 1)] : opsetImport;
  }

  /** Names on the way to a replaced weight that nothing reads any more. */
  private unused(): Set<string> {
    const gone = new Set<string>();
    let before = -1;
    while (gone.size !== before) {
      before = gone.size;
      const nodes = this.draft.nodes.filter(({ output }) => !output.some((name) => gone.has(name)));
      const uses = countUses(nodes, this.model);
      for (const name of this.replaced) if (!uses.has(name)) gone.add(name);
    }
    return gone;
  }

  /** Before version 4 of its format a model lists every initializer among its inputs. */
  private addedInputs(): ValueInfoProto[] {
    if ((this.model.irVersion ?? 0n) >= 4n) return [];
    return this.draft.tensors.map(({ name = "", dataType = 0, dims }) =>
      value(name, elementTypeName(dataType) ?? "float32", Array.from(dims, Number)),
    );
  }
}
