// llviewers: N viewers of one LL-HLS media playlist, each with one connection that it keeps: it reloads the playlist blocking until
// the next part is named, gets that part, and so on. On loopback; it prints one line of JSON.
//
// For every part and viewer it measures how long after the part's birth the playlist's and the part's first and last byte came.
// A part is born when the server says so in a header of its answer (--born, milliseconds since 1970); without one, when the first
// byte that names it reaches the first of the viewers, so that only the spread among viewers is told.
//
// build: cc -O2 -o llviewers llviewers.c        usage: llviewers --port 8000 --playlist /live/media.m3u8 --viewers 2000 --pid SERVERPID
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 32768, HEAD = 1024, URI = 512 };
enum { CONNECTING, PLAYLIST, PART, GONE };
enum { PLAYLIST_FIRST, PLAYLIST_LAST, PART_FIRST, PART_LAST, KINDS };

typedef struct {
  int fd, state, chunked, inbody;
  int64_t left;              // bytes of the body to come; of a chunked one unknown
  uint64_t asked, first;     // of the request under way
  int64_t msn, part;         // the newest part that it knows
  int32_t id;                // that part's place in `parts`
  size_t size;               // bytes in `text`
  char uri[URI], tail[5];
  char *text;                // the head, and the body of a playlist
} Viewer;

typedef struct { int64_t msn, part; uint64_t seen, born; } Part;
typedef struct { int32_t part, kind; uint64_t at; } Sample;
typedef struct { int64_t msn, part; char uri[URI]; } Newest;

static const char *host = "127.0.0.1", *playlist = "/live.m3u8", *born = "x-born";
static int port = 8000, count = 2000, ramp, settle = 3, pids[64], npids;
static double seconds = 10;
static Part *parts; static int32_t nparts, maxparts;
static Sample *samples; static size_t nsamples, maxsamples;
static int phase, ready, refused, closed, other;
static uint64_t requests, bytes;
static char discard[1 << 18];

static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }
static int order(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return x < y ? -1 : x > y; }
static void *grow(void *list, size_t size) { list = realloc(list, size); if (!list) { perror("memory"); exit(1); } return list; }

static double cpu(void) {
  double sum = 0;
  for (int i = 0; i < npids; i++) {
    char name[64], text[2048]; snprintf(name, sizeof name, "/proc/%d/stat", pids[i]);
    FILE *f = fopen(name, "r"); if (!f) continue;
    size_t n = fread(text, 1, sizeof text - 1, f); text[n] = 0; fclose(f);
    unsigned long u = 0, s = 0; char *p = strrchr(text, ')');
    if (p) sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s);
    sum += (u + s) / (double)sysconf(_SC_CLK_TCK);
  }
  return sum;
}
static double resident(void) {
  long kb = 0;
  for (int i = 0; i < npids; i++) {
    char name[64], line[256]; snprintf(name, sizeof name, "/proc/%d/status", pids[i]);
    FILE *f = fopen(name, "r"); if (!f) continue; long v;
    while (fgets(line, sizeof line, f)) if (sscanf(line, "VmRSS: %ld", &v) == 1) { kb += v; break; }
    fclose(f);
  }
  return kb / 1024.0;
}

static int32_t place(int64_t msn, int64_t part, uint64_t seen) {
  for (int32_t i = nparts; i-- > 0 && i > nparts - 64;) if (parts[i].msn == msn && parts[i].part == part) return i;
  if (nparts == maxparts) parts = grow(parts, (maxparts = maxparts * 2 + 256) * sizeof *parts);
  parts[nparts] = (Part){.msn = msn, .part = part, .seen = seen};
  return nparts++;
}
static void note(int32_t part, int kind, uint64_t at) {
  if (phase != 2) return;
  if (nsamples == maxsamples) samples = grow(samples, (maxsamples = maxsamples * 2 + 65536) * sizeof *samples);
  samples[nsamples++] = (Sample){part, kind, at};
}

static void dial(int ep, Viewer *v, uint32_t id) {
  v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (v->fd < 0) { perror("socket"); exit(1); }
  int one = 1; setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)}; to.sin_addr.s_addr = inet_addr(host);
  if (connect(v->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) { perror("connect"); exit(1); }
  v->state = CONNECTING;
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.u32 = id}; epoll_ctl(ep, EPOLL_CTL_ADD, v->fd, &e);
}
static void ask(Viewer *v, int state, const char *path) {
  char head[URI + 256];
  int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: llviewers\r\n\r\n", path, host, port);
  v->state = state; v->size = 0; v->inbody = v->chunked = 0; v->left = -1; v->first = 0; v->asked = now();
  // A request is smaller than any socket's buffer, and there is one at a time.
  if (send(v->fd, head, n, MSG_NOSIGNAL) != n) v->state = GONE;
  else if (phase == 2) requests++;
}
static void reload(Viewer *v) {
  char path[URI + 128];
  if (v->msn < 0) snprintf(path, sizeof path, "%s", playlist);
  else snprintf(path, sizeof path, "%s%c_HLS_msn=%ld&_HLS_part=%ld", playlist, strchr(playlist, '?') ? '&' : '?', (long)v->msn, (long)v->part + 1);
  ask(v, PLAYLIST, path);
}

/* The newest part of a playlist. All viewers get the same bytes, so that what was read for one mostly does for the next. */
static const Newest *newest(const char *text, size_t size) {
  static char known[ROOM]; static size_t length; static Newest found;
  if (size == length && !memcmp(known, text, size)) return found.msn < 0 ? 0 : &found;
  memcpy(known, text, size); length = size; found.msn = -1;
  int64_t msn = 0, index = -1;
  for (const char *line = text, *end; line < text + size; line = end + 1) {
    end = memchr(line, '\n', text + size - line); if (!end) end = text + size;
    const char *uri;
    if (!strncmp(line, "#EXT-X-MEDIA-SEQUENCE:", 22)) msn = atoll(line + 22);
    else if (!strncmp(line, "#EXT-X-PART:", 12)) {
      index++;
      for (uri = line; uri < end && strncmp(uri, "URI=\"", 5);) uri++;
      const char *stop = uri < end ? memchr(uri + 5, '"', end - uri - 5) : 0;
      if (!stop || stop - uri - 5 >= URI) continue;
      found.msn = msn; found.part = index;
      memcpy(found.uri, uri + 5, stop - uri - 5); found.uri[stop - uri - 5] = 0;
    } else if (*line != '#' && end > line && *line != '\r') { msn++; index = -1; }
  }
  return found.msn < 0 ? 0 : &found;
}
static void resolve(char *path, const char *uri) {
  const char *origin = strstr(uri, "://"), *slash = origin ? strchr(origin + 3, '/') : 0;
  if (slash) snprintf(path, URI, "%s", slash);
  else if (*uri == '/') snprintf(path, URI, "%s", uri);
  else {
    size_t n = strcspn(playlist, "?"); while (n && playlist[n - 1] != '/') n--;
    if (snprintf(path, URI, "%.*s%s", (int)n, playlist, uri) >= URI) { fprintf(stderr, "an address is too long\n"); exit(1); }
  }
}

static char *header(char *head, const char *name) {
  size_t n = strlen(name);
  for (char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
    if (!strncasecmp(line + 2, name, n) && line[2 + n] == ':') return line + 3 + n;
  return 0;
}

/* The answer is complete. */
static void done(Viewer *v, uint64_t at) {
  if (v->state == PART) {
    note(v->id, PART_FIRST, v->first); note(v->id, PART_LAST, at);
    reload(v);
    return;
  }
  char *body = strstr(v->text, "\r\n\r\n") + 4;
  const Newest *n = newest(body, v->text + v->size - body);
  if (!n) { other++; v->msn = -1; reload(v); return; }
  if (v->msn < 0) ready++;
  else if (n->msn == v->msn && n->part == v->part) { other++; reload(v); return; } // an unchanged answer to a blocking reload is a fault
  v->msn = n->msn; v->part = n->part; v->id = place(n->msn, n->part, v->first);
  note(v->id, PLAYLIST_FIRST, v->first); note(v->id, PLAYLIST_LAST, at);
  resolve(v->uri, n->uri);
  ask(v, PART, v->uri);
}

/* The last five bytes of a chunked body, which tell its end. */
static void keep(Viewer *v, const char *bytes, size_t n) {
  if (n >= 5) memcpy(v->tail, bytes + n - 5, 5);
  else { memmove(v->tail, v->tail + n, 5 - n); memcpy(v->tail + 5 - n, bytes, n); }
}
static void head(Viewer *v) {
  char *end = strstr(v->text, "\r\n\r\n"), *value; if (!end) return;
  v->inbody = 1;
  int status = atoi(v->text + 9); size_t have = v->text + v->size - end - 4;
  char saved = end[2]; end[2] = 0; // so that what is looked for is looked for in the head alone
  if ((value = header(v->text, "content-length"))) v->left = atoll(value);
  else v->chunked = 1;
  if (v->state == PART && (value = header(v->text, born))) parts[v->id].born = (uint64_t)(atof(value) * 1e6);
  end[2] = saved;
  if (v->left >= 0) v->left -= have;
  if (v->chunked && v->state == PART) keep(v, end + 4, have);
  if (status != 200) { refused++; v->state = GONE; }
}
static int complete(Viewer *v) {
  if (!v->inbody) return 0;
  if (!v->chunked) return v->left <= 0;
  return !memcmp(v->state == PART ? v->tail : v->text + v->size - 5, "0\r\n\r\n", 5);
}

static void receive(Viewer *v) {
  for (;;) {
    ssize_t k; int isbody = v->inbody && v->state == PART;
    if (isbody) k = recv(v->fd, discard, v->chunked || v->left > (int64_t)sizeof discard ? sizeof discard : (size_t)v->left, v->chunked ? 0 : MSG_TRUNC);
    else k = recv(v->fd, v->text + v->size, (v->state == PART ? HEAD : ROOM - 1) - v->size, 0); // what follows a part's head is not looked at
    uint64_t at = now();
    if (k <= 0) { if (k == 0 || errno != EAGAIN) { closed++; v->state = GONE; } return; }
    if (!v->first) v->first = at;
    bytes += k;
    if (isbody) {
      v->left -= k;
      if (v->chunked) keep(v, discard, k);
    } else {
      v->size += k; v->text[v->size] = 0;
      if (v->inbody) v->left -= k; else head(v);
      if (v->size >= ROOM - 1 && v->state == PLAYLIST) { fprintf(stderr, "the playlist is too long\n"); exit(1); }
    }
    if (v->state == GONE) return;
    if (complete(v)) { done(v, at); return; }
  }
}

static void print(const char *name, int kind, const char *end) {
  double *list = malloc((nsamples + 1) * sizeof *list); size_t n = 0;
  for (size_t i = 0; i < nsamples; i++) if (samples[i].kind == kind) {
    const Part *p = &parts[samples[i].part];
    list[n++] = ((double)samples[i].at - (double)(p->born ? p->born : p->seen)) / 1e6;
  }
  qsort(list, n, sizeof *list, order);
  printf("\"%s_ms\":{\"n\":%zu,\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f}%s", name, n, n ? list[n / 2] : 0, n ? list[n * 99 / 100] : 0, n ? list[n - 1] : 0, end);
  free(list);
}

int main(int argc, char **argv) {
  static struct option known[] = {{"port", 1, 0, 'p'}, {"host", 1, 0, 'h'}, {"playlist", 1, 0, 'l'}, {"viewers", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
    {"settle", 1, 0, 'w'}, {"ramp", 1, 0, 'r'}, {"pid", 1, 0, 'P'}, {"born", 1, 0, 'b'}, {0, 0, 0, 0}};
  for (int c; (c = getopt_long(argc, argv, "", known, 0)) != -1;) switch (c) {
    case 'p': port = atoi(optarg); break; case 'h': host = optarg; break; case 'l': playlist = optarg; break; case 'n': count = atoi(optarg); break;
    case 's': seconds = atof(optarg); break; case 'w': settle = atoi(optarg); break; case 'r': ramp = atoi(optarg); break; case 'b': born = optarg; break;
    case 'P': for (char *t = strtok(optarg, ","); t; t = strtok(0, ",")) if (npids < 64) pids[npids++] = atoi(t); break;
    default: return 2;
  }
  if (!ramp) ramp = count / 100 + 1;
  Viewer *all = calloc(count, sizeof *all); int ep = epoll_create1(0), made = 0; double u0 = 0; struct rusage r0, r1;
  for (int i = 0; i < count; i++) { all[i].msn = -1; all[i].text = grow(0, ROOM); }
  uint64_t next = now(), giveup = next + 60000000000ull, start = 0, stop = 0, base = 0;
  for (;;) {
    uint64_t t = now();
    if (t >= next) {
      next += 20000000ull;
      for (int k = 0; k < ramp && made < count; k++, made++) dial(ep, &all[made], made);
      if (!phase && made == count && (ready >= count || t > giveup)) { phase = 1; stop = t + settle * 1000000000ull; }
      if (phase == 1 && t >= stop) { phase = 2; start = t; stop = t + (uint64_t)(seconds * 1e9); base = bytes; u0 = cpu(); getrusage(RUSAGE_SELF, &r0); }
      if (phase == 2 && t >= stop) break;
    }
    struct epoll_event ev[512]; int64_t wait = ((int64_t)next - (int64_t)now()) / 1000000; int n = epoll_wait(ep, ev, 512, wait < 0 ? 0 : (int)wait);
    for (int i = 0; i < n; i++) {
      uint32_t id = ev[i].data.u32; Viewer *v = &all[id];
      if (v->state == CONNECTING) {
        int err = 0; socklen_t size = sizeof err; getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &size);
        if (err) { closed++; v->state = GONE; } else if (ev[i].events & EPOLLOUT) {
          struct epoll_event e = {.events = EPOLLIN, .data.u32 = id}; epoll_ctl(ep, EPOLL_CTL_MOD, v->fd, &e);
          reload(v);
        }
      } else if (v->state != GONE) receive(v);
      if (v->state == GONE && v->fd >= 0) { close(v->fd); v->fd = -1; }
    }
  }
  double elapsed = (now() - start) / 1e9, spent = cpu() - u0; getrusage(RUSAGE_SELF, &r1);
  int gone = 0, said = 0; int64_t told = 0; uint64_t last = now();
  for (int i = 0; i < count; i++) gone += all[i].state == GONE;
  for (int32_t i = 0; i < nparts; i++) { said += parts[i].born != 0; told += parts[i].seen >= start && parts[i].seen < last; }
  double mine = r1.ru_utime.tv_sec - r0.ru_utime.tv_sec + r1.ru_stime.tv_sec - r0.ru_stime.tv_sec + (r1.ru_utime.tv_usec - r0.ru_utime.tv_usec + r1.ru_stime.tv_usec - r0.ru_stime.tv_usec) / 1e6;
  printf("{\"viewers\":%d,\"seconds\":%.2f,\"parts\":%ld,\"births_told\":%s,\"requests_per_s\":%.0f,\"mbit_per_s\":%.1f,", count, elapsed, (long)told, said ? "true" : "false", requests / elapsed, (bytes - base) * 8 / elapsed / 1e6);
  print("playlist_first", PLAYLIST_FIRST, ","); print("playlist_last", PLAYLIST_LAST, ","); print("part_first", PART_FIRST, ","); print("part_last", PART_LAST, ",");
  size_t whole = 0; for (size_t i = 0; i < nsamples; i++) whole += samples[i].kind == PART_LAST;
  printf("\"delivered\":%.4f,\"gone\":%d,\"refused\":%d,\"closed\":%d,\"unchanged\":%d,\"cpu_s\":%.2f,\"rss_mb\":%.1f,\"load_cpu_s\":%.2f}\n", told ? whole / ((double)told * count) : 0, gone, refused, closed, other, spent, resident(), mine);
  return 0;
}
