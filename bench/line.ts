/** One figure, printed as one JSON line. `floor` is what the bare minimum did in the same run; `ratio` ours to it, 1 being as good. */
export interface BenchLine {
  bench: string;
  metric: string;
  value: number;
  unit: string;
  floor: number;
  ratio: number;
}
