// A moment by both clocks of the browser, for pages and workers. The wall clock may be set back, the browser's own counter
// may stand still while the machine sleeps: the one that has gone further counts, so that nothing seems younger than it is.
export const mark = (ageMs = 0) => ({ here: Date.now() - ageMs, ticks: performance.now() - ageMs });
export const since = (when) => Math.max(Date.now() - when.here, performance.now() - when.ticks);
