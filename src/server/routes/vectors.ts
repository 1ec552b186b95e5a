import type { FastifyInstance } from "fastify";
import type { Collection, Item } from "../../inference/vectors.ts";
import { metrics, type Metric } from "../../inference/vectors/similarity.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, integer, listOf, number, text } from "./schemas.ts";

const collectionName = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$" };
const params = { type: "object", required: ["name"], properties: { name: collectionName } };
const vector = { type: "array", minItems: 1, maxItems: 16_000, items: { type: "number" } };
const metadata = { type: "object", additionalProperties: true };

const collectionSchema = exactly({
  name: text,
  dimension: integer,
  metric: text,
  items: integer,
  created_at: text,
});

interface Named {
  name: string;
}

/** Collections of vectors and exact search in them. */
export function vectorRoutes(application: FastifyInstance, services: Services): void {
  collectionRoutes(application, services);
  itemRoutes(application, services);
}

function collectionRoutes(application: FastifyInstance, { vectors }: Services): void {
  const path = "/api/v1/vector/collections";
  const one = { 200: collectionSchema, 201: collectionSchema, ...errorAnswers };
  application.get(
    path,
    {
      schema: {
        response: { 200: exactly({ collections: listOf(collectionSchema) }), ...errorAnswers },
      },
    },
    async () => ({ collections: (await vectors.list()).map(present) }),
  );
  application.get<{ Params: Named }>(
    `${path}/:name`,
    { schema: { params, response: one } },
    async ({ params: { name } }) => present(await vectors.find(name)),
  );
  const body = {
    type: "object",
    required: ["dimension"],
    additionalProperties: false,
    properties: {
      dimension: { type: "integer", minimum: 1, maximum: 16_000 },
      metric: { type: "string", enum: metrics, default: "cosine" },
    },
  };
  application.put<{ Params: Named; Body: { dimension: number; metric: Metric } }>(
    `${path}/:name`,
    { schema: { params, body, response: one } },
    async (request, reply) => {
      const { name } = request.params;
      const created = await vectors.create(name, request.body.dimension, request.body.metric);
      reply.code(created ? 201 : 200);
      return present(await vectors.find(name));
    },
  );
  application.delete<{ Params: Named }>(
    `${path}/:name`,
    { schema: { params, response: { 204: { type: "null" }, ...errorAnswers } } },
    async (request, reply) => {
      await vectors.remove(request.params.name);
      return reply.code(204).send();
    },
  );
}

function itemRoutes(application: FastifyInstance, { vectors, spec }: Services): void {
  const item = {
    type: "object",
    required: ["vector"],
    additionalProperties: false,
    properties: { id: { type: "string", minLength: 1, maxLength: 256 }, vector, metadata },
  };
  const items = { type: "array", minItems: 1, maxItems: spec.serve.limits.batch, items: item };
  application.post<{ Params: Named; Body: { items: Item[] } }>(
    "/api/v1/vector/collections/:name/items",
    {
      schema: {
        params,
        body: exactly({ items }),
        response: { 201: exactly({ ids: listOf(text) }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      const ids = await vectors.put(request.params.name, request.body.items);
      reply.code(201);
      return { ids };
    },
  );
  const query = {
    type: "object",
    required: ["collection", "vector"],
    additionalProperties: false,
    properties: {
      collection: collectionName,
      vector,
      top_k: { type: "integer", minimum: 1, maximum: 1000, default: 5 },
    },
  };
  const result = exactly({ id: text, score: number, metadata });
  const answer = exactly({ collection: text, metric: text, results: listOf(result) });
  application.post<{ Body: { collection: string; vector: number[]; top_k: number } }>(
    "/api/v1/vector/search",
    { schema: { body: query, response: { 200: answer, ...errorAnswers } } },
    async ({ body: { collection, vector: values, top_k: count } }) => {
      return { collection, ...(await vectors.search(collection, values, count)) };
    },
  );
}

function present({ name, dimension, metric, items, createdAt }: Collection): object {
  return { name, dimension, metric, items, created_at: createdAt };
}
