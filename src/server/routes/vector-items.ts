import type { FastifyInstance } from "fastify";
import type { Item, PresentItem } from "../../inference/vectors.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, listOf, text } from "./schemas.ts";
import { collectionName, itemId, itemSchema, metadata, vector } from "./vector-schemas.ts";

interface Named {
  name: string;
}

interface OfItem extends Named {
  id: string;
}

const path = "/api/v1/vector/collections/:name/items";

/** Items of a page when nothing else is said, and at most. */
const pageLimits = { usual: 100, most: 1000 };

const params = { type: "object", required: ["name"], properties: { name: collectionName } };
const itemParams = {
  type: "object",
  required: ["name", "id"],
  properties: { name: collectionName, id: itemId },
};

/** Items of collections: added, replaced, deleted, shown. */
export function vectorItemRoutes(application: FastifyInstance, services: Services): void {
  writingRoutes(application, services);
  readingRoutes(application, services);
}

function writingRoutes(application: FastifyInstance, { vectors, spec }: Services): void {
  const item = {
    type: "object",
    required: ["vector"],
    additionalProperties: false,
    properties: { id: itemId, vector, metadata },
  };
  const list = { type: "array", minItems: 1, maxItems: spec.serve.limits.batch };
  const added = {
    type: "object",
    required: ["items"],
    additionalProperties: false,
    properties: {
      items: { ...list, items: item },
      mode: { type: "string", enum: ["upsert", "add"], default: "upsert" },
    },
  };
  application.post<{ Params: Named; Body: { items: Item[]; mode: "upsert" | "add" } }>(
    path,
    {
      schema: {
        params,
        body: added,
        response: { 201: exactly({ ids: listOf(text) }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { items, mode } = request.body;
      const ids = await vectors.put(request.params.name, items, mode);
      reply.code(201);
      return { ids };
    },
  );
  const deleted = exactly({ ids: { ...list, items: itemId } });
  application.post<{ Params: Named; Body: { ids: string[] } }>(
    `${path}/delete`,
    {
      schema: {
        params,
        body: deleted,
        response: { 200: exactly({ deleted: listOf(text) }), ...errorAnswers },
      },
    },
    async (request) => ({
      deleted: await vectors.delete(request.params.name, request.body.ids),
    }),
  );
  application.delete<{ Params: OfItem }>(
    `${path}/:id`,
    { schema: { params: itemParams, response: { 204: { type: "null" }, ...errorAnswers } } },
    async (request, reply) => {
      const { name, id } = request.params;
      const gone = await vectors.delete(name, [id]);
      // As if it had been asked for: the answer that there is none.
      if (gone.length === 0) await vectors.item(name, id);
      return reply.code(204).send();
    },
  );
}

function readingRoutes(application: FastifyInstance, { vectors }: Services): void {
  application.get<{ Params: OfItem }>(
    `${path}/:id`,
    { schema: { params: itemParams, response: { 200: itemSchema, ...errorAnswers } } },
    async ({ params: { name, id } }) => present(await vectors.item(name, id), true),
  );
  const querystring = {
    type: "object",
    additionalProperties: false,
    properties: {
      after: itemId,
      limit: { type: "string", pattern: "^[1-9][0-9]{0,3}$" },
      vectors: { type: "string", enum: ["true", "false"] },
    },
  };
  const next = { type: ["string", "null"] };
  const page = exactly({ items: listOf(itemSchema), next });
  application.get<{
    Params: Named;
    Querystring: { after?: string; limit?: string; vectors?: string };
  }>(
    path,
    { schema: { params, querystring, response: { 200: page, ...errorAnswers } } },
    async (request) => {
      const { after = null, limit = pageLimits.usual, vectors: withVectors } = request.query;
      const count = Math.min(Number(limit), pageLimits.most);
      const items = await vectors.page(request.params.name, after, count);
      return {
        items: items.map((item) => present(item, withVectors === "true")),
        // The `after` of the page that follows; null where none does.
        next: items.length === count ? (items.at(-1)?.id ?? null) : null,
      };
    },
  );
}

function present({ id, vector: values, metadata: data, createdAt }: PresentItem, full: boolean) {
  return { id, ...(full ? { vector: values } : {}), metadata: data, created_at: createdAt };
}
