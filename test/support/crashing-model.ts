// Models that end the process they run in: the smallest int32 divided by -1 has no result, for which
// x86 processors raise SIGFPE, and ONNX Runtime 1.30 looks for divisors of zero alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { graph, model, node, tensor, value } from "../../src/inference/onnx/build.ts";
import { encodeModel } from "../../src/inference/onnx/model-file.ts";

const smallest = -(2 ** 31);

/** True where a division overflows with a signal: elsewhere it wraps round. */
export const crashes: boolean = process.arch === "x64";

/**
 * `y` is `a + offset` divided by `b - 1`, int32 [N] each.
 * @param offset 0: crashes where `a` is the smallest int32 and `b` is 0; else on zeros
 */
export function divisionModel(offset: number): Buffer {
  const constant = (name: string, number: number) =>
    tensor(name, "int32", [], Int32Array.of(number));
  return encodeModel(
    model({
      graph: graph({
        name: "division",
        node: [
          node("Add", ["a", "offset"], ["dividend"]),
          node("Sub", ["b", "one"], ["divisor"]),
          node("Div", ["dividend", "divisor"], ["y"]),
        ],
        initializer: [constant("offset", offset), constant("one", 1)],
        input: [value("a", "int32", ["N"]), value("b", "int32", ["N"])],
        output: [value("y", "int32", ["N"])],
      }),
      operatorSets: { "": 17 },
      irVersion: 8,
    }),
  );
}

/** Crashes as it warms up. */
export const crashingAtOnce = (): Buffer => divisionModel(smallest);

/** @param directory of the project */
export function writeModel(directory: string, name: string, file: Buffer): void {
  const folder = join(directory, "models", name, "1");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), file);
}

/** The body of a request of the Open Inference Protocol to a division. */
export const divide = (a: number, b: number) => ({
  inputs: [
    { name: "a", shape: [1], datatype: "INT32", data: [a] },
    { name: "b", shape: [1], datatype: "INT32", data: [b] },
  ],
});

/** What ends the process that a division with an offset of 0 runs in. */
export const fatalDivision = divide(smallest, 0);
