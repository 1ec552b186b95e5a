// The answers of the Open Inference Protocol as its published description has them:
// specification/protocol/open_inference_rest.yaml of github.com/kserve/open-inference-protocol
// (Apache-2.0). The file itself is read when STUDIO_OIP_DESCRIPTION says where it is; without it
// the facts that are stated here are checked.
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

type Schemas = Record<string, object>;

const text = { type: "string" };
const shape = { type: "array", items: { type: "integer" } };
const tensor = { name: text, datatype: text, shape };

function object(properties: object, required: readonly string[]): object {
  return { type: "object", properties, required };
}

const list = (name: string): object => ({
  type: "array",
  items: { $ref: `#/components/schemas/${name}` },
});

const stated: Schemas = {
  metadata_server_response: object(
    { name: text, version: text, extensions: { type: "array", items: text } },
    ["name", "version", "extensions"],
  ),
  metadata_tensor: object(tensor, ["name", "datatype", "shape"]),
  metadata_model_response: object(
    {
      name: text,
      versions: { type: "array", items: text },
      platform: text,
      inputs: list("metadata_tensor"),
      outputs: list("metadata_tensor"),
    },
    ["name", "platform"],
  ),
  metadata_model_error_response: object({ error: text }, ["error"]),
  tensor_data: {
    type: "array",
    items: {
      anyOf: [
        { $ref: "#/components/schemas/tensor_data" },
        { type: "number" },
        { type: "string" },
        { type: "boolean" },
      ],
    },
  },
  response_output: object(
    {
      ...tensor,
      parameters: { type: "object" },
      data: { $ref: "#/components/schemas/tensor_data" },
    },
    ["name", "shape", "datatype", "data"],
  ),
  inference_response: object(
    {
      model_name: text,
      model_version: text,
      id: text,
      parameters: { type: "object" },
      outputs: list("response_output"),
    },
    ["model_name", "outputs"],
  ),
  inference_error_response: object({ error: text }, ["error"]),
};

function read(): Schemas {
  const file = process.env["STUDIO_OIP_DESCRIPTION"];
  if (file === undefined) return stated;
  const document = parse(readFileSync(file, "utf8")) as { components: { schemas: Schemas } };
  return document.components.schemas;
}

const schemas = read();
const ajv = new Ajv2020({ strict: false });
const known = new Map<string, ValidateFunction>();

/** What is wrong with an answer by the protocol's schema of that name; nothing when it fits. */
export function faultsOf(name: string, answer: unknown): unknown[] {
  if (schemas[name] === undefined) throw new Error(`the protocol has no ${name}`);
  const root = { $ref: `#/components/schemas/${name}`, components: { schemas } };
  const validate = known.get(name) ?? ajv.compile(root);
  known.set(name, validate);
  return validate(answer) ? [] : (validate.errors ?? ["unknown"]);
}
