import { reasonOf } from "../../errors.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { type DeployWork, noticeMeanwhile } from "../deploy-input.ts";
import type { ReleaseRecord } from "../release.ts";
import { type FoundHealthy, waitHealthy } from "../health.ts";
import { recordProbe } from "./record.ts";
import { type Succession, isWhole } from "../target.ts";
import { serveAgain } from "../serve-again.ts";
import type { WatchFigures } from "../watch.ts";

/** The release that serves until this one does; null where none does. */
const servingBefore = ({ input, previous }: DeployWork): ReleaseRecord | null =>
  input.previous?.running === true ? previous : null;

const asBefore = ({ input }: DeployWork, release: ReleaseRecord) => ({
  release,
  notice: noticeMeanwhile(input),
});

/** Starts the release beside the one that serves, or in its place, at once or part by part. */
export function startStep(work: DeployWork): Step {
  const { place, release } = work;
  const { target } = place;
  const succession = target.succession(release);
  const replaced = succession === "beside" ? null : servingBefore(work);
  return {
    id: "start",
    title: titleOf(work, succession),
    async probe() {
      const state = await target.state(release);
      return (succession === "rolling" ? state.ready : isWhole(state)) ? "done" : "partial";
    },
    async do(run) {
      // What the public misses meanwhile is counted.
      if (replaced !== null) work.probe.start(target, release);
      await target.start(run, release);
    },
    async undo(run) {
      // The parts that have taken the place of others make room for them as those come back.
      if (replaced === null || succession !== "rolling") await target.stop(run, release);
      if (replaced !== null) await serveAgain(target, run, asBefore(work, replaced), null);
    },
  };
}

function titleOf(work: DeployWork, succession: Succession): string {
  const { id } = work.release;
  const former = servingBefore(work)?.id;
  if (former === undefined) return `Start release ${id}`;
  return {
    beside: `Start release ${id} beside the one that serves`,
    instead: `Stop release ${former}, and start release ${id} in its place`,
    rolling: `Put release ${id} in the place of ${former}, part by part`,
  }[succession];
}

/** @param found is told how it was found: of what a process before found, a boot has left nothing */
export function healthStep(work: DeployWork, found: Partial<FoundHealthy> = {}): Step {
  const { place, release } = work;
  return {
    id: "health",
    title: "Wait until it is healthy",
    // What was healthy may have ended since with everything else, and be starting now.
    probe: async () => ((await place.target.state(release)).ready ? "unknown" : "absent"),
    undo: nothingToUndo,
    async do(run) {
      const { target } = place;
      const healthy = await waitHealthy({ target, release, signal: run.signal, say: run.say });
      return Object.assign(found, healthy);
    },
  };
}

/** A short load test on the private socket: the public has not met the release yet. */
export function gateStep(work: DeployWork): Step {
  const { place, release } = work;
  const { gate } = release.settings.deploy;
  return {
    id: "gate",
    title: `Load-test it (${gate.scenario}: ${gate.thresholds.join(", ")})`,
    skip: () => gateSkip(work),
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const { runBench } = await import("../../bench/run.ts");
      const { benchFolders } = await import("../bench-folders.ts");
      const { passGate } = await import("../gate.ts");
      const endpoint = await place.target.privateEndpoint(release);
      const measure = () =>
        runBench({
          name: gate.scenario,
          folders: benchFolders(place.project),
          target: endpoint,
          overrides: { duration: gate.duration },
          thresholds: gate.thresholds,
          signal: run.signal,
        });
      return passGate(measure, run);
    },
  };
}

function gateSkip({ input, place, release }: DeployWork): string | null {
  if (input.skip.gate) return "--skip-gate was given";
  return {
    beside: null,
    instead: "nobody serves meanwhile",
    rolling: "the public has met it already, part by part",
  }[place.target.succession(release)];
}

/** Moves the public traffic over. */
export function switchStep(work: DeployWork): Step {
  const { place, release, previous } = work;
  const { target } = place;
  const from = servingBefore(work);
  return {
    id: "switch",
    title:
      target.succession(release) === "rolling"
        ? "Prove that the public meets it"
        : `Switch the traffic: ${target.describeSwitch(release, previous)}`,
    // Whether a proxy took over what was written for it shows nowhere: to switch once more proves it,
    // and changes nothing where it was done.
    probe: async () => ((await target.state(release)).accepting ? "partial" : "absent"),
    async do(run) {
      // Where nobody served, or a page said so, a request has nothing to lose yet.
      const served = from !== null && (await target.state(from)).maintenance === null;
      if (served) work.probe.start(target, release);
      await target.switchTo(run, release, from);
      work.probe.start(target, release);
    },
    async undo(run) {
      if (from === null) return target.unswitch(run, release);
      await serveAgain(target, run, asBefore(work, from), release);
    },
  };
}

/** What the step "watch" tells. */
export interface WatchResult extends WatchFigures {
  /** Connections to the release before that were open after its drain time; null: not counted. */
  cut: number | null;
}

/**
 * Looks on while the public meets the release, and the release before ends what it began. An undo
 * that comes in between finds it serving what is left.
 * @param found how this process found it healthy, where it did
 */
export function watchStep(work: DeployWork, found: Partial<FoundHealthy>): Step {
  const { place, release, previous } = work;
  const { watch } = release.settings.deploy;
  return {
    id: "watch",
    title: `Watch it serve (${watch.thresholds.join(", ")})`,
    skip: () => (previous === null ? "there was no release before to compare with" : null),
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const { watchRelease } = await import("../watch.ts");
      const { target } = place;
      const over = new AbortController();
      const from = servingBefore(work);
      const signal = AbortSignal.any([over.signal, run.signal]);
      const drained = from === null ? null : target.drain?.(run, { release, from, signal });
      // Who waits for it below is told of a failure, unless the watch fails before.
      drained?.catch(() => undefined);
      try {
        const figures = await watchRelease({
          target,
          release,
          duration: watch.for,
          thresholds: watch.thresholds,
          restartsBefore: found.restarts ?? null,
          signal: run.signal,
          say: run.say,
        });
        const cut = (await drained) ?? null;
        run.signal.throwIfAborted();
        return { ...figures, cut } satisfies WatchResult;
      } finally {
        over.abort();
      }
    },
  };
}

/** Ends the release that served before, once it has finished what it began. */
export function retireStep(work: DeployWork): Step {
  const { place, release, previous } = work;
  return {
    id: "retire",
    title: "Let the release before finish its requests and end",
    kind: "final",
    skip: () => (previous === null || previous.id === release.id ? "there is none" : null),
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      if (previous === null) return null;
      try {
        await place.target.retire(run, previous);
        const probe = await work.probe.stop();
        if (work.input.fresh) await run.effect("probe", () => recordProbe(work, probe));
        return { probe };
      } catch (error) {
        throw new Error(`release ${previous.id} still runs: ${reasonOf(error)}`, { cause: error });
      }
    },
  };
}
