import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { WarmUpInput } from "./model-config.ts";
import type { ModelRecord } from "./models.ts";
import { type Tensor, type Tensors, arrayOf, countElements } from "./tensor.ts";

/** The requests that a model's configuration wants answered before the model counts as ready. */
export function warmUpRequests({ configuration, file }: ModelRecord): Tensors[] {
  return (configuration.warmUp ?? []).map((inputs, index) => {
    const feeds: Tensors = {};
    for (const [name, input] of Object.entries(inputs)) {
      try {
        feeds[name] = tensorOf(input);
      } catch (error) {
        throw new StudioError({
          code: "model.config",
          message: `The configuration of ${file} is not usable: warmUp.${index}.${name}: ${reasonOf(error)}.`,
          hint: "Correct the config.yaml of the model.",
          exitCode: exitCodes.usage,
          cause: error,
        });
      }
    }
    return feeds;
  });
}

function tensorOf({ type = "float32", shape, data, fill = 0 }: WarmUpInput): Tensor {
  const values = data ?? Array<number>(countElements(shape)).fill(fill);
  if (type === "string") return { type, dims: shape, data: values.map(String) };
  const Data = arrayOf(type);
  if (Data === undefined) throw new Error(`values of type ${type} cannot be given`);
  const array = new Data(values.length);
  const large = array instanceof BigInt64Array || array instanceof BigUint64Array;
  for (const [index, value] of values.entries()) {
    array[index] = large ? BigInt(value) : Number(value);
  }
  return { type, dims: shape, data: array };
}
