import { bundledModelsFolder, listModels } from "../../../inference/models.ts";
import { codeFingerprint } from "../../content/fingerprint.ts";
import { modelFolders } from "../../project-folders.ts";
import type { Outline } from "../../release-keeper.ts";
import type { ReleaseRecord } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";

/** Code and models are looked at but not read: the deploy itself does that. */
export async function outlineLocal(
  { project, version }: TargetInput,
  previous: ReleaseRecord | null,
): Promise<Outline> {
  const fingerprint = codeFingerprint(project.directory);
  const same = previous?.target === "local" && previous.code.fingerprint === fingerprint;
  const models = await listModels(modelFolders(project), bundledModelsFolder);
  const { host, port } = project.settings.serve;
  return {
    parts: {
      target: "local",
      code: { digest: "", fingerprint, bytes: 0, entry: "", migrations: "" },
      address: { host, port },
      models: [],
    },
    code: `studio ${version}${same ? " (unchanged)" : ""}`,
    models: models.map(describeModel),
    remarks: [],
  };
}

function describeModel(model: { name: string; version: string | null; source: string }): string {
  const { name, version, source } = model;
  return [name, version, `(${source})`].filter((word) => word !== null).join(" ");
}
