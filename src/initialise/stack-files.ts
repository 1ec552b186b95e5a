import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { readVariablesFile } from "../config/variables.ts";
import { usageError } from "../errors.ts";
import { apiLock } from "./api-lock.ts";
import { planStackState } from "./stack-state.ts";
import { type StartingFile, planOnce, planWhole } from "./starting-file.ts";
import { fillTemplate } from "./template.ts";

export interface StackChoice {
  /** The name that the world reaches the API by. */
  domain: string;
  /** Of studio's package, which the image of the API installs. */
  version: string;
  now: Date;
}

interface StackInput extends StackChoice {
  folder: string;
  templates: string;
  name: string;
}

const domainForm = /^(?=.{1,240}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Files of other names in the package: as themselves, npm would not pack them. */
const renamed: Readonly<Record<string, string>> = {
  dockerignore: ".dockerignore",
  "env.example": ".env.example",
  gitkeep: ".gitkeep",
};

/**
 * The compose files, the configuration of every service in them, and for each environment a file of
 * variables with passwords of its own. What holds a secret is made once and never replaced.
 * @throws StudioError (exit 2) for a domain that no certificate could hold
 */
export function planStack(input: StackInput): StartingFile[] {
  const { folder, templates, name, domain, version } = input;
  if (!domainForm.test(domain)) {
    throw usageError(
      `"${domain}" is not the name of a host.`,
      "Give --domain as in studio.example.com, without https:// and in lower case.",
    );
  }
  const root = join(templates, "stack", "project");
  const project = filesBelow(root).map((path) =>
    planWhole(
      join(folder, dirname(path), renamed[basename(path)] ?? basename(path)),
      fillTemplate(join(root, path), { name, domain, version }),
      // Containers read them as users of their own.
      path.endsWith(".sh") ? 0o755 : 0o644,
    ),
  );
  const lock = planWhole(
    join(folder, "stack/api/package-lock.json"),
    apiLock({ name: `${name}-api`, version }),
    0o644,
  );
  const environments = [
    ...planEnvironment(input, "production", domain),
    ...planEnvironment(input, "staging", `staging.${domain}`),
  ];
  // The folder of figures is one for all environments.
  const once = new Map(environments.map((file) => [file.path, file]));
  return [...project, lock, planVariables(input, "development", ".env"), ...once.values()];
}

function planEnvironment(input: StackInput, environment: string, domain: string): StartingFile[] {
  const { folder, templates, now } = input;
  const file = `.env.${environment}`;
  const variables = planVariables(input, environment, file);
  const present = readVariablesFile(folder, file).values["STUDIO_METRICS_TOKEN"];
  const written = /^STUDIO_METRICS_TOKEN=(.+)$/m.exec(variables.content)?.[1] ?? "";
  const metricsToken = present ?? written;
  const place = { folder, templates, environment, domain, metricsToken, now };
  return [variables, ...planStackState(place)];
}

/** 36 random bytes for each password, 48 characters that mean nothing in a URL or a shell. */
function planVariables(
  { folder, templates, name }: StackInput,
  environment: string,
  file: string,
): StartingFile {
  const values: Record<string, string> = {
    name,
    environment,
    project: environment === "production" ? name : `${name}-${environment}`,
  };
  const words = "postgres database monitoring redis jwt key metrics grafana elastic kibana".split(
    " ",
  );
  for (const word of [...words, "kibana-encryption"]) {
    values[`secret:${word}`] = randomBytes(36).toString("base64url");
  }
  const content = fillTemplate(join(templates, "stack", "variables.env"), values);
  return planOnce(join(folder, file), content, 0o600);
}

/** Paths of all files, relative to the folder, in a fixed order. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
