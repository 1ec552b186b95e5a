import type { FastifyInstance } from "fastify";

/** Seconds for which a browser may remember what it was told of an origin. */
const maxAge = 600;

/**
 * Lets pages of these origins read answers (Fetch standard, "CORS protocol"); `*`: any page. No
 * cookie plays a part here: a page needs the key.
 */
export async function useCors(
  application: FastifyInstance,
  origins: readonly string[],
): Promise<void> {
  if (origins.length === 0) return;
  const { default: cors } = await import("@fastify/cors");
  await application.register(cors, {
    origin: origins.includes("*") ? "*" : [...origins],
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: [
      "x-request-id",
      "retry-after",
      "ratelimit-limit",
      "ratelimit-remaining",
      "ratelimit-reset",
    ],
    maxAge,
  });
}
