import { invalidInput } from "./invalid-input.ts";

/** Digits that a JSON number, read as a double, may lose. */
const longNumber = /[-:,[\s]\d{16,}/;

/**
 * Whole numbers that 64 bits may hold. Longer ones stay doubles, which no datatype of 64 bits takes:
 * to read a million digits would take seconds in which nobody else is answered.
 */
const wholeNumber = /^-?\d{1,20}$/;

/**
 * Parses a JSON object. Whole numbers of up to 20 digits that a double cannot hold come as
 * BigInt.
 * @throws RequestError 400
 */
export function parseJson(text: string): Record<string, unknown> {
  const document = parse(text, longNumber.test(text) && /"U?INT64"/.test(text));
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw invalidInput("", "The body is no JSON object.");
}

function parse(text: string, exact: boolean): unknown {
  try {
    return JSON.parse(text, exact ? keepDigits : undefined);
  } catch (error) {
    // Also a text that is nested too deeply for the reviver.
    const reason = error instanceof SyntaxError ? error.message : "it is nested too deeply";
    throw invalidInput("", `The body is not JSON: ${reason.slice(0, 200)}.`);
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return wholeNumber.test(source) ? BigInt(source) : value;
}
