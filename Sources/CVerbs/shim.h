// libibverbs and librdmacm, and what Swift cannot import of them: macros, anonymous unions, and
// structs that are filled on the hot path.
#ifndef CVERBS_SHIM_H
#define CVERBS_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <string.h>
#include <sys/resource.h>

// Devices -----------------------------------------------------------------------------------------

static inline int cv_query_port(struct ibv_context *context, uint8_t port,
                                struct ibv_port_attr *facts) {
  return ibv_query_port(context, port, facts);
}

static inline int64_t cv_query_gids(struct ibv_context *context, struct ibv_gid_entry *entries,
                                    size_t capacity) {
  return ibv_query_gid_table(context, entries, capacity, 0);
}

static inline void cv_gid_bytes(const struct ibv_gid_entry *entry, uint8_t bytes[16]) {
  memcpy(bytes, entry->gid.raw, 16);
}

// Limits ------------------------------------------------------------------------------------------

// Bytes that this process may lock; UINT64_MAX is no limit.
static inline uint64_t cv_lockable_bytes(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

// Descriptors -------------------------------------------------------------------------------------

static inline int cv_make_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

// Waits until one of two descriptors can be read; -1 for none. Rounds up to milliseconds.
static inline int cv_await(int first, int second, int64_t nanoseconds) {
  struct pollfd waits[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  int64_t milliseconds = nanoseconds <= 0 ? 0 : (nanoseconds + 999999) / 1000000;
  return poll(waits, 2, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
}

// Connections -------------------------------------------------------------------------------------

// The private data that came with an event, of the union's part for connections.
static inline const void *cv_private_data(const struct rdma_cm_event *event) {
  return event->param.conn.private_data;
}
static inline uint8_t cv_private_length(const struct rdma_cm_event *event) {
  return event->param.conn.private_data_len;
}
static inline uint8_t cv_responder_resources(const struct rdma_cm_event *event) {
  return event->param.conn.responder_resources;
}
static inline uint8_t cv_initiator_depth(const struct rdma_cm_event *event) {
  return event->param.conn.initiator_depth;
}

static inline uint16_t cv_local_port(struct rdma_cm_id *id) { return ntohs(rdma_get_src_port(id)); }

// The address of the other side in numbers; not 0 where there is none.
static inline int cv_peer_host(struct rdma_cm_id *id, char *text, uint32_t capacity) {
  struct sockaddr *peer = rdma_get_peer_addr(id);
  socklen_t length = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                 : sizeof(struct sockaddr_in);
  return getnameinfo(peer, length, text, capacity, 0, 0, NI_NUMERICHOST);
}

// Work requests -----------------------------------------------------------------------------------

static inline void cv_fill_segment(struct ibv_sge *segment, uint64_t address, uint32_t length,
                                   uint32_t key) {
  segment->addr = address;
  segment->length = length;
  segment->lkey = key;
}

static inline void cv_fill_send(struct ibv_send_wr *request, uint64_t id,
                                struct ibv_sge *segments, int count, unsigned opcode,
                                unsigned flags, uint64_t remote_address, uint32_t remote_key) {
  request->wr_id = id;
  request->next = 0;
  request->sg_list = segments;
  request->num_sge = count;
  request->opcode = (enum ibv_wr_opcode)opcode;
  request->send_flags = flags;
  request->wr.rdma.remote_addr = remote_address;
  request->wr.rdma.rkey = remote_key;
}

static inline void cv_fill_receive(struct ibv_recv_wr *request, uint64_t id,
                                   struct ibv_sge *segment) {
  request->wr_id = id;
  request->next = 0;
  request->sg_list = segment;
  request->num_sge = segment->length > 0 ? 1 : 0;
}

// Calls of the provider's table: inline functions of verbs.h, named here for one place to look.
static inline int cv_post_sends(struct ibv_qp *queue, struct ibv_send_wr *first,
                                struct ibv_send_wr **refused) {
  return ibv_post_send(queue, first, refused);
}
static inline int cv_post_receives(struct ibv_qp *queue, struct ibv_recv_wr *first,
                                   struct ibv_recv_wr **refused) {
  return ibv_post_recv(queue, first, refused);
}
static inline int cv_poll(struct ibv_cq *queue, int capacity, struct ibv_wc *completions) {
  return ibv_poll_cq(queue, capacity, completions);
}
static inline int cv_arm(struct ibv_cq *queue) { return ibv_req_notify_cq(queue, 0); }

#endif
