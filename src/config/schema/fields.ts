import { z } from "zod";
import {
  bytesForm,
  durationForm,
  parseBytes,
  parseDuration,
  parsePixels,
  parseRate,
  pixelsForm,
  rateForm,
} from "../quantity.ts";

/**
 * What the loader must know of a field beyond its type: secrets, connection URLs and shell lines
 * keep their `${}`; a quantity in the file must have a unit; a whole is replaced, not merged.
 */
export type FieldKind = "secret" | "connection" | "shell" | "quantity" | "whole";

export const fieldKinds = z.registry<{ kind: FieldKind }>();

export const text = z.string().min(1, "must not be empty");

/** The stored form of a quantity is a number; the written one has a unit. */
function quantity(parse: (written: string) => number, form: string) {
  return z
    .union([z.int().min(0), z.string().transform(parsed(parse, form))], {
      error: `must be ${form}`,
    })
    .register(fieldKinds, { kind: "quantity" });
}

function parsed<Value>(parse: (written: string) => Value, form: string) {
  return (written: string, context: z.RefinementCtx<string>): Value => {
    try {
      return parse(written);
    } catch {
      context.addIssue({ code: "custom", message: `must be ${form}` });
      return z.NEVER;
    }
  };
}

/** Milliseconds. */
export const duration = quantity(parseDuration, durationForm);
/** Bytes. */
export const bytes = quantity(parseBytes, bytesForm);
/** Pixels. */
export const pixels = quantity(parsePixels, pixelsForm);

const rate = z.union([
  z.strictObject({ requests: z.int().min(1), window: z.int().min(1) }),
  z.string().transform(parsed(parseRate, rateForm)),
]);

/** One rate or several that hold together; milliseconds. */
export const rates = z
  .union([z.array(rate).min(1), rate.transform((one) => [one])], {
    error: `must be ${rateForm}, or a list of them`,
  })
  .register(fieldKinds, { kind: "whole" });

/** A whole number; its text is accepted too, because a variable can only give text. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const isOpen = maximum === Number.MAX_SAFE_INTEGER;
  const error = `must be a whole number, ${minimum} ${isOpen ? "or more" : `to ${maximum}`}`;
  const range = z.int({ error }).min(minimum, error).max(maximum, error);
  return z.union([range, z.string().regex(/^\d+$/, error).transform(Number).pipe(range)], {
    error,
  });
}

export const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")],
  { error: "must be true or false" },
);

/** A key of a map with free keys, which may become part of a file name or an argument. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be a name: letters, digits, and _ . - inside");

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable");

/** A line for `sh -c`, which does its own expansion. */
export const shellLine = z.string().min(1, "must not be empty").register(fieldKinds, {
  kind: "shell",
});

/**
 * Where a secret comes from; never the secret itself. `inline` points back into the configuration
 * file (`studio.yaml#/database/url`) and stands for a secret that was written there in plain text.
 */
export type Secret =
  | { env: string }
  | { file: string }
  | { command: string }
  | { template: string }
  | { inline: string };

const secretForm =
  "must be { env: NAME }, { file: PATH }, { command: LINE } or a text with ${NAME} in it";

function secretOf(kind: FieldKind) {
  return z
    .union(
      [
        z.strictObject({ env: variableName }),
        z.strictObject({ file: text }),
        z.strictObject({ command: text }),
        z.strictObject({ template: text }),
        z.strictObject({ inline: text }),
        text.transform((template): Secret => ({ template })),
      ],
      { error: secretForm },
    )
    .register(fieldKinds, { kind });
}

/** A secret as a whole: a token, a key, a webhook address. */
export const secret = secretOf("secret");
/** A connection URL, of which the password alone is secret. */
export const secretUrl = secretOf("connection");

/** An enumeration with a message that lists its words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words);
}
