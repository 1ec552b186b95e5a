import { namesSecret, weaknessOf } from "../../../../config/weak-secrets.ts";
import type { AuditPoint } from "../../../target.ts";
import type { TargetInput } from "../../target-input.ts";
import type { Docker } from "../docker.ts";
import { rolesOf } from "../roles.ts";
import { type StackConfig, readStackConfig } from "../stack-config.ts";
import { exposure } from "./exposure.ts";
import { pointOf } from "./point.ts";
import { privileges } from "./privileges.ts";
import { type WeakSecret, weakSecrets } from "./stack-secrets.ts";
import { upkeep } from "./upkeep.ts";

/**
 * The security checklist of a stack as it is written now.
 * @throws StudioError where Compose refuses the files, or no service can be told to be the switched
 */
export async function auditStack(docker: Docker, input: TargetInput): Promise<AuditPoint[]> {
  const config = await readStackConfig(docker, input);
  const { settings } = input.project;
  const roles = rolesOf(config, settings);
  return [
    ...secretPoints([...weakSecrets(config), ...weakVariables(input)]),
    ...exposure(config, roles, settings),
    ...privileges(config, await imageUsers(docker, config)),
    ...upkeep(config, await loggingDriver(docker)),
  ];
}

function secretPoints(weak: readonly WeakSecret[]): AuditPoint[] {
  const places = (wanted: WeakSecret["weakness"]) =>
    weak.flatMap(({ place, weakness }) => (weakness === wanted ? [place] : []));
  return [
    pointOf(
      {
        title: "No secret is a known default",
        good: "none is",
        state: "wrong",
        fix: "Set each to what `openssl rand -hex 32` writes; a deploy is refused until then.",
      },
      places("default"),
    ),
    pointOf(
      {
        title: "Secrets are hard to guess",
        good: "as far as can be told",
        state: "wrong",
        fix: "Set each to what `openssl rand -hex 32` writes.",
      },
      places("weak"),
    ),
  ];
}

/** Of what the project itself asks for, such as what the CLI alone reads. */
function weakVariables({ project, variables }: TargetInput): WeakSecret[] {
  return project.settings.variables.required.filter(namesSecret).flatMap((place) => {
    const weakness = weaknessOf(variables[place] ?? "", [place]);
    return weakness === null ? [] : [{ place, weakness }];
  });
}

/** The user that each service's image names, where the image is here. */
async function imageUsers(docker: Docker, config: StackConfig): Promise<Map<string, string>> {
  const users = new Map<string, string>();
  for (const [name, { image = "" }] of Object.entries(config.services)) {
    const argv = ["image", "inspect", "--format", "{{.Config.User}}", image];
    const { exitCode, stdout } = await docker.attempt(argv);
    if (image !== "" && exitCode === 0) users.set(name, stdout.trim());
  }
  return users;
}

async function loggingDriver(docker: Docker): Promise<string> {
  const { exitCode, stdout } = await docker.attempt(["info", "--format", "{{.LoggingDriver}}"]);
  return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : "json-file";
}
