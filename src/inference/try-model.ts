import { ModelInstance } from "./instance.ts";

/** Loads a model file as the daemon does, runs it once on zeros and lets it go. */
export async function tryModel(file: string): Promise<void> {
  let instance: ModelInstance | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      instance = new ModelInstance(file, {
        ready: () => resolve(),
        down: (reason) => reject(new Error(reason)),
      });
      instance.start();
    });
  } finally {
    await (instance as ModelInstance | null)?.close();
  }
}
