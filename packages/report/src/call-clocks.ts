export type StopReason = 'silent' | 'too_slow' | 'aborted';

export interface CallClocks {
  /** aborts the request when a clock runs out, or the caller stops it */
  readonly controller: AbortController;
  /** why the call was stopped; undefined while it runs */
  stopped(): StopReason | undefined;
  /** a data chunk came */
  dataArrived(): void;
  end(): void;
}

/**
 * The two clocks of one call. A queued request is kept open by comment lines for as long as the server likes, so an idle
 * time-out of the socket never fires: only data chunks count as a sign of life, and the whole call has a limit too.
 * @param limits milliseconds
 */
export function startCallClocks(
  limits: { silenceMs: number; totalMs: number },
  signal: AbortSignal | undefined,
): CallClocks {
  const controller = new AbortController();
  let reason: StopReason | undefined;
  const stop = (why: StopReason) => {
    reason ??= why;
    controller.abort();
  };
  const silence = setTimeout(stop, limits.silenceMs, 'silent');
  const total = setTimeout(stop, limits.totalMs, 'too_slow');
  const abort = () => stop('aborted');
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });

  return {
    controller,
    stopped: () => reason,
    dataArrived: () => void silence.refresh(),
    end() {
      clearTimeout(silence);
      clearTimeout(total);
      signal?.removeEventListener('abort', abort);
    },
  };
}
