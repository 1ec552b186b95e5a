import { ModelInstance } from "./instance.ts";
import { instanceSettings } from "./model-options.ts";

/** Loads a model file as the daemon does, runs it once on zeros and lets it go. */
export async function tryModel(file: string): Promise<void> {
  let instance: ModelInstance | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      const events = {
        ready: () => resolve(),
        down: (reason: string) => reject(new Error(reason)),
        stuck: () => undefined,
        recovered: () => undefined,
      };
      instance = new ModelInstance(file, events, instanceSettings({}));
      void instance.start();
    });
  } finally {
    await (instance as ModelInstance | null)?.close();
  }
}
