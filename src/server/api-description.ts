import type { FastifySchema } from "fastify";
import type { Route } from "./route-catalogue.ts";
import { problemSchema } from "./routes/schemas.ts";

interface Described {
  summary?: string;
  operationId: string;
  tags: readonly string[];
  parameters?: object[];
  requestBody?: object;
  responses: Record<string, object>;
  security?: object[];
}

interface ObjectSchema {
  required?: readonly string[];
  properties?: Record<string, { description?: string }>;
}

/** A schema by media type, as fastify and OpenAPI both write it. */
interface ByMediaType {
  content: Record<string, { schema: object }>;
}

const problem = { $ref: "#/components/schemas/Problem" };
const failures = ["4XX", "5XX"] as const;

/** Methods that stand on their own: HEAD answers wherever GET does. */
const left = new Set(["HEAD", "OPTIONS"]);

/**
 * The description of the public API: OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), whose
 * schemas are the ones the routes check their input by.
 */
export function describeApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, Described>> = {};
  for (const route of routes) {
    if (route.control || route.schema.hide === true || left.has(route.method)) continue;
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://spec.openapis.org/oas/3.1/dialect/base",
    info: {
      title: "studio",
      version,
      summary: "A self-hosted AI studio: text, images, vectors and ONNX models",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: "Asked for off loopback, and wherever a key exists.",
        },
      },
    },
  };
}

function describeRoute({ method, path, schema, open }: Route): Described {
  const words = path.split("/").map((part) => part.replace(/\W+/g, ""));
  const parameters = [
    ...parametersOf(schema.params, "path"),
    ...parametersOf(schema.querystring, "query"),
    ...parametersOf(schema.headers, "header"),
  ];
  return {
    ...(schema.summary === undefined ? {} : { summary: schema.summary }),
    operationId: [method.toLowerCase(), ...words.filter((word) => word !== "")].join("_"),
    tags: schema.tags ?? [words.find((word) => !/^(api|v\d+)?$/.test(word)) ?? "system"],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(schema.body === undefined ? {} : { requestBody: requestBody(schema) }),
    responses: responsesOf(schema),
    ...(open ? { security: [] } : {}),
  };
}

function parametersOf(schema: unknown, place: "path" | "query" | "header"): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, { description, ...value }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: value,
  }));
}

function requestBody({ body, consumes = ["application/json"] }: FastifySchema): object {
  return { required: requiredOf(body), content: contentOf(body as object, consumes) };
}

/** A body may be left out where none of its members has to be there. */
function requiredOf(body: unknown): boolean {
  if (isByMediaType(body))
    return Object.values(body.content).some(({ schema }) => requiredOf(schema));
  return ((body as ObjectSchema).required ?? []).length > 0;
}

function responsesOf({ response, produces = ["application/json"] }: FastifySchema) {
  const responses: Record<string, object> = {};
  for (const [status, schema] of Object.entries((response ?? {}) as Record<string, object>)) {
    const name = status.toUpperCase();
    const description = descriptionOf(name);
    const isEmpty = (schema as { type?: unknown }).type === "null";
    responses[name] = isEmpty
      ? { description }
      : { description, content: contentOf(schema, produces) };
  }
  for (const name of failures) {
    const content = { "application/problem+json": { schema: problem } };
    responses[name] ??= { description: descriptionOf(name), content };
  }
  return responses;
}

function descriptionOf(status: string): string {
  if (status === "4XX") return "The request cannot be answered as it is.";
  if (status === "5XX") return "The server cannot answer the request now.";
  return status.startsWith("2") ? "The request went well." : "See the answer.";
}

function contentOf(schema: object, mediaTypes: readonly string[]): ByMediaType["content"] {
  if (!isByMediaType(schema)) {
    return Object.fromEntries(mediaTypes.map((type) => [type, { schema }]));
  }
  const entries = Object.entries(schema.content);
  return Object.fromEntries(
    entries.map(([type, { schema: one }]) => [
      type,
      { schema: one === problemSchema ? problem : one },
    ]),
  );
}

function isByMediaType(schema: unknown): schema is ByMediaType {
  return typeof (schema as Partial<ByMediaType>).content === "object";
}
