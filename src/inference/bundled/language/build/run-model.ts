import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { CharacterNgrams } from "../../../text/character-ngrams.ts";
import type { NgramParameters } from "../../../text/character-ngrams.ts";
import type { Judgement } from "./score.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1"; // read by the runtime as it loads
const { InferenceSession, Tensor } = await import("onnxruntime-node");

/** The part of config.yaml that running the model needs. */
export interface LanguageConfiguration {
  featurizer: NgramParameters & { name: string };
  labels: { code: string; name: string }[];
}

/** Reads the configuration that stands beside the model. */
export function readConfiguration(): LanguageConfiguration {
  return parse(readFileSync(new URL("../config.yaml", import.meta.url), "utf8"));
}

const textsPerRun = 256;

/** Runs model.onnx on labelled texts and compares its answers with their languages. */
export async function judge(
  lines: readonly { text: string; language: string }[],
): Promise<Judgement[]> {
  const { featurizer, labels } = readConfiguration();
  const ngrams = new CharacterNgrams(featurizer);
  const session = await InferenceSession.create(
    readFileSync(new URL("../model.onnx", import.meta.url)),
  );
  const judgements: Judgement[] = [];
  for (let start = 0; start < lines.length; start += textsPerRun) {
    const batch = lines.slice(start, start + textsPerRun);
    const features = ngrams.dense(batch.map(({ text }) => text));
    const shape = [batch.length, featurizer.dimensions];
    const { probabilities } = await session.run({
      features: new Tensor("float32", features, shape),
    });
    if (!(probabilities?.data instanceof Float32Array)) throw new TypeError("no probabilities");
    for (const [row, { language }] of batch.entries()) {
      const answers = probabilities.data.subarray(row * labels.length, (row + 1) * labels.length);
      const confidence = Math.max(...answers);
      const truth = labels.findIndex(({ code }) => code === language);
      judgements.push({ truth, predicted: answers.indexOf(confidence), confidence });
    }
  }
  await session.release();
  return judgements;
}
