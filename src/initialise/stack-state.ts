import { readdirSync } from "node:fs";
import { join } from "node:path";
import { selfSignedCertificate } from "./self-signed-certificate.ts";
import { type StartingFile, planOnce, planWhole, readIfThere } from "./starting-file.ts";
import { fillTemplate } from "./template.ts";

export interface StackStateInput {
  /** The folder of the project. */
  folder: string;
  templates: string;
  environment: string;
  /**
   * Names of the folders that the stack mounts, where they are other than the environment's; null: it
   * mounts none.
   */
  folders?: { certificates: string | null; secrets: string | null };
  /** What the certificate is for. */
  domain: string;
  /** What Prometheus reads /metrics with; empty: nothing is written. */
  metricsToken: string;
  now: Date;
}

const readByContainers = 0o644;

/**
 * What the stack mounts from `.studio/` of the host that runs it, as far as it is lacking: the
 * proxy's include before the first deploy (503 with Retry-After), a certificate to start with, the
 * token as a file, the folder of backup figures. Containers read these files as users that own
 * nothing; from others on the host the 0700 of `.studio` protects them.
 */
export function planStackState(input: StackStateInput): StartingFile[] {
  const { folder, templates, environment, metricsToken } = input;
  const { certificates, secrets } = input.folders ?? {
    certificates: environment,
    secrets: environment,
  };
  const state = join(folder, ".studio");
  const proxy = join(templates, "stack", "state", "proxy");
  return [
    ...readdirSync(proxy)
      .toSorted()
      .map((file) =>
        planOnce(
          join(state, "proxy", environment, file),
          fillTemplate(join(proxy, file), {}),
          readByContainers,
        ),
      ),
    ...(certificates === null
      ? []
      : planCertificate(input, join(state, "certificates", certificates))),
    ...(metricsToken === "" || secrets === null
      ? []
      : [planWhole(join(state, "secrets", secrets, "metrics-token"), metricsToken, 0o644)]),
    planOnce(
      join(state, "metrics", "README.txt"),
      "The files *.prom in this folder are read by node-exporter.\n",
      readByContainers,
    ),
  ];
}

/** Both halves or none: a key that is there belongs to a certificate of the operator's. */
function planCertificate({ domain, now }: StackStateInput, folder: string): StartingFile[] {
  const paths = [join(folder, "fullchain.pem"), join(folder, "privkey.pem")];
  const isThere = paths.some((path) => readIfThere(path) !== null);
  const { certificate, key } = isThere
    ? { certificate: "", key: "" }
    : selfSignedCertificate(domain, now);
  const action = isThere ? "keep" : "write";
  return paths.map((path, index) => ({
    path,
    action,
    content: index === 0 ? certificate : key,
    mode: readByContainers,
  }));
}
