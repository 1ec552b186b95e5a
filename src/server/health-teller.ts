import type { HealthStanding } from "./daemon-spec.ts";
import type { HealthReport } from "./health-monitor.ts";

export interface HealthTellerOptions {
  /** Tells people; false where it could not. Never rejects. */
  tell: (standings: readonly HealthStanding[]) => Promise<boolean>;
  /** A release that is not current has nothing to tell: it is on its way in or out. */
  isServing: () => boolean;
  /** Looks again. */
  look: () => Promise<unknown>;
  /** Milliseconds until a change is looked at again before it is told: a hiccup is none. */
  confirmAfter?: number;
  /** Milliseconds after which what stands badly is handed on again, and what could not be told. */
  repeatAfter?: number;
}

/**
 * Hands on how the components stand where that is not what was handed on before. Whoever takes it
 * compares it with what is known from earlier processes, and decides who hears of it.
 */
export class HealthTeller {
  private readonly options: HealthTellerOptions;
  /** The statuses that were handed on last; null before the first time. */
  private told: string | null = null;
  private toldAt = 0;
  private delivered = true;
  /** The statuses that are to be confirmed. */
  private suspected: string | null = null;
  private busy = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: HealthTellerOptions) {
    this.options = options;
  }

  /** Takes note of a report. Costs the request that caused it nothing: all else happens later. */
  consider(report: HealthReport, reasons: Readonly<Record<string, string>>): void {
    if (this.busy || !this.options.isServing()) return;
    const statuses = statusesOf(report);
    if (statuses === this.told) {
      this.suspected = null;
      const repeats = report.status !== "healthy" || !this.delivered;
      const isOld = performance.now() - this.toldAt >= (this.options.repeatAfter ?? 600_000);
      if (repeats && isOld) this.handOn(report, reasons);
    } else if (statuses === this.suspected && this.timer === undefined) {
      this.handOn(report, reasons);
    } else if (this.timer === undefined) {
      this.suspected = statuses;
      this.confirmLater();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private confirmLater(): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.options.look();
    }, this.options.confirmAfter ?? 5000);
    this.timer.unref();
  }

  private handOn(report: HealthReport, reasons: Readonly<Record<string, string>>): void {
    this.busy = true;
    this.suspected = null;
    this.told = statusesOf(report);
    this.toldAt = performance.now();
    const { timestamp: at, status: overall, components } = report;
    const standings = Object.entries(components).map(([component, { status }]) => {
      return { component, status, reason: reasons[component] ?? null, overall, at };
    });
    setImmediate(() => void this.tell(standings));
  }

  private async tell(standings: readonly HealthStanding[]): Promise<void> {
    this.delivered = await this.options.tell(standings);
    this.busy = false;
  }
}

const statusesOf = ({ components }: HealthReport): string =>
  JSON.stringify(Object.entries(components).map(([name, { status }]) => [name, status]));
