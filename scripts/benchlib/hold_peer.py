"""The hold model on std::priority_queue, C++: the peer of the simulator's event queue."""

SOURCE = r"""
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <vector>

struct Event {
  int64_t time;
  uint64_t sequence;
  uint64_t payload;
};

struct Later {
  bool operator()(const Event& one, const Event& other) const {
    return one.time > other.time || (one.time == other.time && one.sequence > other.sequence);
  }
};

// The stream of seed 1, entity 0, purpose 0, as Sources/Simulation/Random has it.
static const uint64_t golden = 0x9E3779B97F4A7C15;

static uint64_t scrambled(uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

static int64_t thread_cpu() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int, char** words) {
  const size_t pending = strtoull(words[1], nullptr, 10);
  const size_t count = strtoull(words[2], nullptr, 10);
  const uint64_t key = scrambled(1 ^ scrambled(golden));
  std::vector<int64_t> delays;
  for (uint64_t number = 1; number <= 65536; number++) {
    const double unit = (scrambled(key ^ scrambled(number * golden)) >> 11) * 0x1p-53;
    delays.push_back(int64_t(-std::log(1 - unit) * 1e9));
  }
  std::vector<Event> room;
  room.reserve(pending + 1);
  std::priority_queue<Event, std::vector<Event>, Later> queue(Later(), std::move(room));
  uint64_t next = 0, checksum = 0;
  for (; next < pending; next++) queue.push({delays[next & 65535], next, next});
  auto hold = [&](size_t events) {
    for (size_t event = 0; event < events; event++) {
      const Event first = queue.top();
      queue.pop();
      checksum = (checksum ^ first.payload) * 31 + first.time;
      queue.push({first.time + delays[next & 65535], next, first.payload});
      next++;
    }
  };
  hold(2 * pending);
  const int64_t start = thread_cpu();
  hold(count);
  const int64_t end = thread_cpu();
  printf("{\"count\": %zu, \"cpuNs\": %lld, \"checksum\": %llu}\n", count,
         (long long)(end - start), (unsigned long long)checksum);
}
"""
