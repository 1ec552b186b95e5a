import { ModelInstance, type InstanceEvents, type InstanceSettings } from "./instance.ts";

/** The instances of one model. Their number can change while they serve. */
export class InstanceGroup {
  private readonly instances: ModelInstance[] = [];
  private readonly leaving = new Set<Promise<void>>();
  private readonly create: () => ModelInstance;

  constructor(file: string, events: InstanceEvents, settings: InstanceSettings) {
    this.create = () => new ModelInstance(file, events, settings);
  }

  get size(): number {
    return this.instances.length;
  }

  /** Instances that can serve. */
  get readyCount(): number {
    return this.instances.filter((instance) => instance.isReady).length;
  }

  get someStuck(): boolean {
    return this.instances.some((instance) => instance.stuck);
  }

  /** An instance that would compute a batch at once. */
  idle(): ModelInstance | undefined {
    return this.instances.find((instance) => instance.idle);
  }

  /** An instance that computes, and could have its next batch at hand. */
  takingAnother(): ModelInstance | undefined {
    return this.instances.find((instance) => instance.takesAnother);
  }

  /**
   * Starts instances, or lets the last ones finish what they do and end. Resolves when that is so:
   * new instances are ready, or have said why they are not.
   */
  async resize(size: number): Promise<void> {
    const ending = this.instances.splice(size).map((instance) => this.end(instance));
    const added = Array.from({ length: size - this.instances.length }, () => this.create());
    this.instances.push(...added);
    await Promise.all([...added.map((instance) => instance.start()), ...ending]);
  }

  /** Lets all instances end, also those that left before. */
  async close(): Promise<void> {
    for (const instance of this.instances.splice(0)) void this.end(instance);
    await Promise.all(this.leaving);
  }

  private async end(instance: ModelInstance): Promise<void> {
    const ended = instance.close().finally(() => this.leaving.delete(ended));
    this.leaving.add(ended);
    await ended;
  }
}
