import type { FastifyInstance, FastifySchema } from "fastify";

/** A route as it was registered. */
export interface Route {
  method: string;
  /** Pattern in fastify's way: `/v2/models/:name`. */
  path: string;
  schema: FastifySchema;
  /** Answered without a key. */
  open: boolean;
  /** On the private socket only. */
  control: boolean;
}

/** All routes of the application, in order: what the description and a 405 are made of. */
export class RouteCatalogue {
  readonly routes: Route[] = [];

  /** Sees every route that is registered from now on. */
  constructor(application: FastifyInstance) {
    application.addHook("onRoute", (options) => {
      const { method, url, schema = {}, config } = options;
      for (const one of [method].flat()) {
        const { open = false, control = false } = config ?? {};
        this.routes.push({ method: one, path: url, schema, open, control });
      }
      options.schema = withoutFailures(schema);
    });
  }

  /**
   * The methods that a path answers to.
   * @param path without its query, as it was sent
   */
  methodsOf(path: string, { control }: { control: boolean }): string[] {
    const methods = this.routes
      .filter((route) => (control || !route.control) && matches(route.path, path))
      .map(({ method }) => method);
    return [...new Set(methods)].toSorted();
  }
}

/** Problems are sent as text: serializers would be compiled for them, and never used. */
function withoutFailures(schema: FastifySchema): FastifySchema {
  const response = { ...(schema.response as Record<string, unknown> | undefined) };
  delete response["4xx"];
  delete response["5xx"];
  return { ...schema, response };
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split("/");
  const given = path.split("/");
  const open = expected.at(-1) === "*";
  if (open ? given.length < expected.length : given.length !== expected.length) return false;
  return expected.every(
    (part, index) =>
      part === given[index] ||
      (part === "*" && index === expected.length - 1) ||
      (part.startsWith(":") && given[index] !== ""),
  );
}
