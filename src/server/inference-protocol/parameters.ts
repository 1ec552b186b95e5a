import { type Priority, priorityOfLevel } from "../job-options.ts";
import { invalidInput, quote } from "./invalid-input.ts";

/** What is read of the `parameters` of a request, of an input or of an output. */
export interface Parameters {
  /** `binary_data_size` of an input, bytes. */
  binarySize?: number;
  /** `binary_data` of an output. */
  binary?: boolean;
  /** `binary_data_output` of a request. */
  binaryOutput?: boolean;
  priority?: Priority;
  /** Milliseconds. */
  timeout?: number;
}

/** They would change what the answer means, so they are not passed over. */
const refused = [
  "classification",
  "sequence_id",
  "sequence_start",
  "sequence_end",
  "shared_memory_region",
  "shared_memory_offset",
  "shared_memory_byte_size",
];

/**
 * Reads the parameters of Triton's extensions: binary tensor data and schedule policy. Others are
 * passed over, as the protocol allows.
 * @throws RequestError 400
 */
export function readParameters(owner: Record<string, unknown>, pointer: string): Parameters {
  const given = owner["parameters"];
  if (given === undefined) return {};
  const at = `${pointer}/parameters`;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw invalidInput(at, "The parameters are an object.");
  }
  const parameters = given as Record<string, unknown>;
  const wrong = refused.find((name) => Object.hasOwn(parameters, name));
  if (wrong !== undefined) throw invalidInput(`${at}/${wrong}`, `${wrong} is not supported.`);
  const read = <T>(name: string, check: (value: unknown) => value is T): T | undefined => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined || check(value)) return value;
    throw invalidInput(`${at}/${name}`, `${quote(value)} is no value of ${name}.`);
  };
  const result: Parameters = {};
  const size = read("binary_data_size", isCount);
  if (size !== undefined) result.binarySize = size;
  const binary = read("binary_data", isFlag);
  if (binary !== undefined) result.binary = binary;
  const binaryOutput = read("binary_data_output", isFlag);
  if (binaryOutput !== undefined) result.binaryOutput = binaryOutput;
  const level = read("priority", isCount);
  if (level !== undefined) result.priority = priorityOfLevel(level);
  // Microseconds; 0 stands for the server's own limit.
  const timeout = read("timeout", isCount);
  if (timeout !== undefined && timeout > 0) result.timeout = timeout / 1000;
  return result;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}
