import { StudioError, exitCodes } from "../../../../errors.ts";
import type { StackConfig } from "../stack-config.ts";
import { weakSecrets } from "./stack-secrets.ts";

/**
 * A stack with a secret that everybody knows is not deployed.
 * @returns a remark for the plan on those that could be guessed
 * @throws StudioError (exit 2) naming every place; no value is told
 */
export function refuseDefaultSecrets(config: StackConfig): string[] {
  const weak = weakSecrets(config);
  const places = weak.flatMap(({ place, weakness }) => (weakness === "default" ? [place] : []));
  if (places.length > 0) {
    throw new StudioError({
      code: "secrets.default",
      message: `These secrets have a value that everybody knows: ${places.join(", ")}.`,
      hint: "Set each to what `openssl rand -hex 32` writes, then deploy again.",
      exitCode: exitCodes.usage,
      details: { places },
    });
  }
  if (weak.length === 0) return [];
  return [`Easy to guess: ${weak.map(({ place }) => place).join(", ")} (\`studio doctor\`).`];
}
