import type { FastifyInstance } from "fastify";
import { InferenceError } from "../../inference/inference-error.ts";
import type { Collection } from "../../inference/vectors.ts";
import { mostDimensions } from "../../inference/vectors/similarity.ts";
import { RequestError } from "../request-error.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, listOf } from "./schemas.ts";
import { vectorItemRoutes } from "./vector-items.ts";
import {
  collectionName,
  collectionSchema,
  metricName,
  presentedMetric,
  searchAnswer,
  searchBody,
  type SearchBody,
  storedMetric,
} from "./vector-schemas.ts";

interface Named {
  name: string;
}

/** Collections of vectors, their items, and search in them. */
export function vectorRoutes(application: FastifyInstance, services: Services): void {
  collectionRoutes(application, services);
  vectorItemRoutes(application, services);
  searchRoute(application, services);
}

function collectionRoutes(application: FastifyInstance, { vectors }: Services): void {
  const path = "/api/v1/vector/collections";
  const params = { type: "object", required: ["name"], properties: { name: collectionName } };
  const one = { 200: collectionSchema, 201: collectionSchema, ...errorAnswers };
  const all = { 200: exactly({ collections: listOf(collectionSchema) }), ...errorAnswers };
  application.get(path, { schema: { response: all } }, async () => ({
    collections: (await vectors.list()).map(present),
  }));
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
      dimension: { type: "integer", minimum: 1, maximum: mostDimensions },
      metric: metricName,
    },
  };
  application.put<{ Params: Named; Body: { dimension: number; metric: string } }>(
    `${path}/:name`,
    { schema: { params, body, response: one } },
    async (request, reply) => {
      const { name } = request.params;
      const { dimension, metric } = request.body;
      const created = await vectors.create(name, dimension, storedMetric(metric));
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

function searchRoute(application: FastifyInstance, services: Services): void {
  application.post<{ Body: SearchBody }>(
    "/api/v1/vector/search",
    { schema: { body: searchBody, response: { 200: searchAnswer, ...errorAnswers } } },
    async ({ body }) => {
      const { collection, top_k: count, filter, exact } = body;
      const vector = await vectorOf(body, services);
      const found = await services.vectors.search(collection, { vector, count, filter, exact });
      return { ...found, collection, metric: presentedMetric[found.metric] };
    },
  );
}

/** The vector to search for: the one sent, or that of the text sent. */
async function vectorOf(
  { vector, query }: SearchBody,
  { embedQuery, spec }: Services,
): Promise<ArrayLike<number>> {
  if (vector !== undefined && query === undefined) return vector;
  if (vector !== undefined || query === undefined) {
    throw new RequestError(400, "request.invalid", 'A search needs one of "vector" and "query".');
  }
  const most = spec.serve.limits.query;
  if (query.length > most) {
    const message = `The query has ${query.length} characters; ${most} are allowed.`;
    throw new RequestError(400, "request.invalid", message);
  }
  if (embedQuery === undefined) {
    throw new InferenceError(
      "model.missing",
      "There is no embedding model, so a text cannot be searched for.",
      'Install an embedding model in the models folder, or send a "vector".',
    );
  }
  return await embedQuery(query);
}

function present({ name, dimension, metric, items, createdAt }: Collection): object {
  return { name, dimension, metric: presentedMetric[metric], items, created_at: createdAt };
}
