import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { RouteCatalogue } from "../route-catalogue.ts";
import type { Services } from "../services.ts";
import { errorAnswers } from "./schemas.ts";

/** Files of the page that come with the user interface, and their media types. */
const files = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** As everywhere, but for pictures that a style sheet has in itself. */
const policy = "default-src 'self'; img-src 'self' data:";

const page = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>studio API</title>
  <link rel="stylesheet" href="docs/swagger-ui.css">
  <link rel="icon" href="docs/favicon-32x32.png">
  <div id="api"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</html>
`;

const start = `SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
});
`;

/** The description of the API, and a page that shows it; made when first asked for. */
export function descriptionRoutes(
  application: FastifyInstance,
  { spec }: Services,
  catalogue: RouteCatalogue,
): void {
  let description: Promise<string> | null = null;
  const describe = async (): Promise<string> => {
    const { describeApi } = await import("../api-description.ts");
    return JSON.stringify(describeApi(catalogue.routes, spec.version));
  };
  const config = { open: true };
  const summary = "This description, OpenAPI 3.1";
  application.get(
    "/openapi.json",
    { config, schema: { summary, response: { 200: { type: "object" }, ...errorAnswers } } },
    async (_request, reply) => {
      description ??= describe();
      return reply.type("application/json; charset=utf-8").send(await description);
    },
  );
  const hidden = { config, schema: { hide: true } };
  application.get("/docs", hidden, (_request, reply) =>
    reply.header("content-security-policy", policy).type("text/html; charset=utf-8").send(page),
  );
  application.get("/docs/", hidden, (_request, reply) => reply.redirect("../docs", 308));
  application.get("/docs/start.js", hidden, (_request, reply) =>
    reply.type("text/javascript; charset=utf-8").send(start),
  );
  for (const [name, type] of Object.entries(files)) {
    application.get(`/docs/${name}`, hidden, async (_request, reply) => {
      const file = join(assetsFolder(), name);
      const { size } = await stat(file);
      reply.header("content-length", String(size)).header("cache-control", "max-age=3600");
      return reply.type(type).send(createReadStream(file));
    });
  }
}

function assetsFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve("@fastify/swagger-ui"))), "static");
}
