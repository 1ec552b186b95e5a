import { DeadlineWatch } from "../../deadline-watch.ts";
import type { JobOptions } from "../../pending-request.ts";
import { Places } from "./places.ts";
import { SearchCaller } from "./search-caller.ts";

/** All who wait for a search, bounded in number. */
export class SearchCallers {
  private readonly places: Places;
  private readonly deadlines = new DeadlineWatch<SearchCaller>();

  /** @param most searches under way at once */
  constructor(most: number) {
    this.places = new Places(most);
  }

  /**
   * What `work` gives. A caller who waits no longer is answered at once; the place is free when the
   * work has ended, which is soon if it asks the caller in between.
   * @throws InferenceError `inference.queue.full`, `inference.deadline`, `inference.cancelled`
   */
  async serve<Result>(
    options: JobOptions,
    work: (caller: SearchCaller) => Promise<Result>,
  ): Promise<Result> {
    const caller = new SearchCaller(options);
    this.deadlines.add(caller);
    try {
      return await Promise.race([this.places.hold(() => work(caller)), caller.gone]);
    } finally {
      this.deadlines.delete(caller);
      caller.answered();
    }
  }
}
