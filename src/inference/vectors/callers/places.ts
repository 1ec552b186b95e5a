import { InferenceError } from "../../inference-error.ts";

/** Bounds how many searches are under way: each holds memory until it has ended. */
export class Places {
  private readonly most: number;
  private taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** @throws InferenceError `inference.queue.full` */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.taken >= this.most) throw searchesFull(this.taken);
    this.taken += 1;
    try {
      return await work();
    } finally {
      this.taken -= 1;
    }
  }
}

function searchesFull(waiting: number): InferenceError {
  const error = new InferenceError(
    "inference.queue.full",
    `Too many vector searches are under way (${waiting}).`,
    "Try again in a second.",
  );
  error.retryAfter = 1;
  return error;
}
