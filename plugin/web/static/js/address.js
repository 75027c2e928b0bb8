// A launch is answered with the page that it leads to. The page takes its own address, so that reloading it, coming back
// to it and its bookmark open the page, and never send the launch again.
//
//   <link rel="canonical"> says the address

const own = new URL(document.querySelector('link[rel="canonical"]').href);

if (own.pathname + own.search !== location.pathname + location.search) {
  history.replaceState(history.state, "", own.pathname + own.search + location.hash);
}
