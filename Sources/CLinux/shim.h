// The Linux headers that `import Glibc` leaves out: packet sockets, netlink, namespaces, epoll.
// Header-only: nothing here is compiled, the module only makes the declarations importable.
//
// _GNU_SOURCE stays undefined, as it is for Glibc's own module: it changes the members of types that both modules
// contain (fd_set), and the compiler refuses a file that imports both. The few functions that it would have declared are
// declared below.
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>

// sched.h: setns(2), unshare(2).
extern int setns(int descriptor, int type);
extern int unshare(int flags);
// unistd.h: pipe2(2).
extern int pipe2(int ends[2], int flags);
// spawn.h: closes all descriptors from one on in the new process, as closefrom(3) does.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
// pthread.h: pthread_setname_np(3).
extern int pthread_setname_np(pthread_t thread, const char *name);

// sys/prctl.h: prctl(2) with one argument; its own declaration takes any number, which Swift cannot call.
static inline int prctl_with(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

// linux/tcp.h of Linux 6.7: TCP's authentication option (RFC 5925). Older headers lack these, and newer ones cannot be
// included beside netinet/tcp.h, so the types bear names of their own; their bit fields are `flags` here.
enum { TCP_AUTHENTICATION_ADD_KEY = 38, TCP_AUTHENTICATION_DELETE_KEY = 39, TCP_AUTHENTICATION_INFO = 40 };
enum { TCP_AUTHENTICATION_SET_CURRENT = 1, TCP_AUTHENTICATION_SET_RECEIVE_NEXT = 2 };

struct tcp_authentication_add {  // struct tcp_ao_add
  struct sockaddr_storage address;
  char algorithm[64];
  int32_t interface;
  uint32_t flags;
  uint16_t reserved;
  uint8_t prefix, send_id, receive_id, code_length, key_flags, key_length;
  uint8_t key[80];
} __attribute__((aligned(8)));

struct tcp_authentication_delete {  // struct tcp_ao_del
  struct sockaddr_storage address;
  int32_t interface;
  uint32_t flags;
  uint16_t reserved;
  uint8_t prefix, send_id, receive_id, current_key, receive_next, key_flags;
} __attribute__((aligned(8)));

struct tcp_authentication_info {  // struct tcp_ao_info_opt
  uint32_t flags;
  uint16_t reserved;
  uint8_t current_key, receive_next;
  uint64_t good, bad, unknown_key, unsigned_segments, dropped_icmp;
} __attribute__((aligned(8)));
