import { metrics, mostDimensions } from "../../inference/vectors/similarity.ts";
import { exactly, integer, listOf, number, text } from "./schemas.ts";

export const collectionName = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$" };

export const vector = {
  type: "array",
  minItems: 1,
  maxItems: mostDimensions,
  items: { type: "number" },
};

export const metadata = { type: "object", additionalProperties: true };

export const itemId = { type: "string", minLength: 1, maxLength: 256 };

/** `euclid` is what an earlier release called `euclidean`. */
export const metricName = {
  type: "string",
  enum: ["cosine", "dot", "euclidean", "euclid"],
  default: "cosine",
};

/** As answers name them. */
export const presentedMetric = { cosine: "cosine", dot: "dot", euclid: "euclidean" } as const;

export function storedMetric(name: string): (typeof metrics)[number] {
  return metrics.find((metric) => metric === name) ?? "euclid";
}

export const collectionSchema = exactly({
  name: text,
  dimension: integer,
  metric: text,
  items: integer,
  created_at: text,
});

export const itemSchema = {
  type: "object",
  required: ["id", "metadata", "created_at"],
  additionalProperties: false,
  properties: { id: text, vector: listOf(number), metadata, created_at: text },
};

const filter = {
  ...metadata,
  description:
    "What the metadata must meet: " +
    '{"field": PATH, "equals": VALUE}, {"field": PATH, "in": [VALUE, …]}, ' +
    '{"field": PATH, "range": {"gt"|"gte"|"lt"|"lte": BOUND, …}}, ' +
    '{"field": PATH, "exists": true|false}, {"and": [FILTER, …]}, {"or": [FILTER, …]} or ' +
    '{"not": FILTER}. PATH is keys with dots between them, or a list of keys. VALUE is a text, ' +
    "a number, true, false or null, and equals only its own type; bounds are numbers or texts. A " +
    "list in the metadata meets a condition when one of its elements does.",
};

const score = {
  ...number,
  description: "Cosine similarity or dot product, greater being nearer; or the Euclidean distance.",
};

const distance = {
  ...number,
  description: "Less is nearer: 1 - cosine, the dot product negated, or the Euclidean distance.",
};

/** One of `vector` and `query` is needed; what a filter says is checked by what reads it. */
export const searchBody = {
  type: "object",
  required: ["collection"],
  additionalProperties: false,
  properties: {
    collection: collectionName,
    vector,
    query: { type: "string", minLength: 1 },
    top_k: { type: "integer", minimum: 1, maximum: 1000, default: 5 },
    filter,
    exact: { type: "boolean", default: false },
    truncate: {
      type: "boolean",
      description:
        "Cut a query of too many tokens, and do not refuse it with 413. Default: as the model's configuration says.",
    },
  },
};

export interface SearchBody {
  collection: string;
  vector?: number[];
  query?: string;
  top_k: number;
  filter?: object;
  exact: boolean;
  truncate?: boolean;
}

export const searchAnswer = exactly({
  collection: text,
  metric: text,
  method: text,
  results: listOf(exactly({ id: text, score, distance, metadata })),
});
