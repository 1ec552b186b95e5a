// The Open Inference Protocol's published description, as it lies in test/fixtures.
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

type Content = Record<string, { schema: { $ref: string } }>;

interface Operation {
  responses: Record<string, { content?: Content }>;
  requestBody?: { content: Content };
}

interface Description {
  paths: Record<string, Record<string, Operation | unknown[]>>;
  components: { schemas: Record<string, object> };
}

/** What can be asked for, and the names of the schemas of what goes there and comes back. */
export interface Endpoint {
  method: string;
  /** With `${MODEL_NAME}` and `${MODEL_VERSION}`, as the description spells them. */
  path: string;
  request: string | undefined;
  /** By status; undefined where nothing is said of the body. */
  answers: Map<number, string | undefined>;
}

const file = new URL(
  "../../fixtures/open-inference-protocol/open_inference_rest.yaml",
  import.meta.url,
);
const { paths, components } = parse(readFileSync(file, "utf8")) as Description;

export const endpoints: readonly Endpoint[] = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, operation]) => {
    if (Array.isArray(operation)) return [];
    const answers = Object.entries(operation.responses).map(
      ([status, { content }]) => [Number(status), schemaOf(content)] as const,
    );
    const request = schemaOf(operation.requestBody?.content);
    return [{ method: method.toUpperCase(), path, request, answers: new Map(answers) }];
  }),
);

function schemaOf(content: Content | undefined): string | undefined {
  return content?.["application/json"]?.schema.$ref.split("/").at(-1);
}

/** What the description gives as examples of a schema. */
export function examplesOf(name: string): Record<string, unknown> {
  return (components.schemas[name] as { "x-examples": Record<string, unknown> })["x-examples"];
}

const ajv = new Ajv2020({ strict: false });
const known = new Map<string, ValidateFunction>();

/** What is wrong with a body by the description's schema of that name; nothing when it fits. */
export function faultsOf(name: string, body: unknown): unknown[] {
  if (components.schemas[name] === undefined) throw new Error(`the protocol has no ${name}`);
  const root = { $ref: `#/components/schemas/${name}`, components };
  const validate = known.get(name) ?? ajv.compile(root);
  known.set(name, validate);
  return validate(body) ? [] : (validate.errors ?? ["unknown"]);
}
