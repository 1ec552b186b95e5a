import type { FastifyInstance } from "fastify";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, flag, integer, listOf, text } from "./schemas.ts";

const rootSchema = exactly({
  name: text,
  version: text,
  release: text,
  environment: text,
  health: text,
  metrics: text,
});

const infoSchema = exactly({
  name: text,
  version: text,
  release: text,
  environment: text,
  node: text,
  platform: text,
  started_at: text,
  models: listOf(exactly({ name: text, version: text, sha256: text, ready: flag })),
  limits: exactly({
    body_bytes: integer,
    text_characters: integer,
    batch_items: integer,
    image_pixels: integer,
  }),
});

/** What answers here, and what it can do. */
export function informationRoutes(application: FastifyInstance, services: Services): void {
  const { version, release, environment, serve } = services.spec;
  const name = "studio";
  application.get(
    "/",
    { config: { open: true }, schema: { response: { 200: rootSchema, ...errorAnswers } } },
    () => ({ name, version, release, environment, health: "/health", metrics: "/metrics" }),
  );
  application.get(
    "/api/v1/system/info",
    { schema: { response: { 200: infoSchema, ...errorAnswers } } },
    () => {
      const { startedAt, models } = services.daemon().state();
      return {
        name,
        version,
        release,
        environment,
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        started_at: startedAt,
        models,
        limits: {
          body_bytes: serve.limits.body,
          text_characters: serve.limits.text,
          batch_items: serve.limits.batch,
          image_pixels: serve.limits.pixels,
        },
      };
    },
  );
}
