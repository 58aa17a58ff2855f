// The site of this page. Its scripts name it with whatever they ask or command: an owner of two sites who presses STOP
// on the second must not stop the first.
const id = document.body.dataset.system;

export const ofSite = (path) => (id ? `${path}${path.includes("?") ? "&" : "?"}system_id=${id}` : path);
