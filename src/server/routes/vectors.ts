import type { FastifyInstance } from "fastify";
import type { JobOptions } from "../../inference/batch-queue.ts";
import { Patience } from "../../inference/patience.ts";
import type { Collection } from "../../inference/vectors.ts";
import { mostDimensions } from "../../inference/vectors/similarity.ts";
import { jobOptions } from "../job-options.ts";
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
    async (request, reply) => {
      const { body } = request;
      const { collection, top_k: count, filter, exact } = body;
      const job = jobOptions(request, reply, services.spec.serve.timeout);
      const patience = new Patience(job);
      const vector = await vectorOf(body, services, job);
      const search = { vector, count, filter, exact };
      // A text's vector took some of the time.
      const left = { ...job, timeout: patience.left };
      const found = await services.vectors.search(collection, search, left);
      return { ...found, collection, metric: presentedMetric[found.metric] };
    },
  );
}

/** The vector to search for: the one sent, or that of the text sent. */
async function vectorOf(
  { vector, query, truncate }: SearchBody,
  { texts, spec }: Services,
  job: JobOptions,
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
  const { vectors } = await texts.embeddings.embed({ inputs: [query], truncate }, job);
  return vectors[0] ?? [];
}

function present({ name, dimension, metric, items, createdAt }: Collection): object {
  return { name, dimension, metric: presentedMetric[metric], items, created_at: createdAt };
}
