import AisJobs
import Testing

@Suite("Signs of life, judged by the observer's own clock")
struct PresenceTests {
  @Test("a worker whose sign changes is never silent")
  func alive() {
    var presence = Presence()
    for second in 0..<100 { presence.look(at: "a", sign: second, now: .seconds(second)) }
    #expect(presence.silence(of: "a") == .zero)
  }

  @Test("silence is the time watched without a change")
  func silent() {
    var presence = Presence()
    for second in 0...70 { presence.look(at: "a", sign: 7, now: .seconds(second)) }
    #expect(presence.silence(of: "a") == .seconds(70))
  }

  @Test("a sign that comes back ends the silence")
  func found() {
    var presence = Presence()
    for second in 0...70 { presence.look(at: "a", sign: 7, now: .seconds(second)) }
    presence.look(at: "a", sign: 8, now: .seconds(71))
    #expect(presence.silence(of: "a") == .zero)
  }

  @Test("the first look is no silence, however old the sign is")
  func firstLook() {
    var presence = Presence()
    presence.look(at: "a", sign: 3, now: .seconds(100_000))
    #expect(presence.silence(of: "a") == .zero)
  }

  @Test("an observer that was stopped for an hour has not seen an hour of silence")
  func observerStopped() {
    var presence = Presence(longestStep: .seconds(10))
    presence.look(at: "a", sign: 1, now: .seconds(0))
    presence.look(at: "a", sign: 1, now: .seconds(3600))
    #expect(presence.silence(of: "a") == .seconds(10))
  }

  @Test("a clock that goes backwards adds nothing")
  func backwards() {
    var presence = Presence()
    presence.look(at: "a", sign: 1, now: .seconds(50))
    presence.look(at: "a", sign: 1, now: .seconds(20))
    #expect(presence.silence(of: "a") == .zero)
  }

  @Test("a sign that cannot be read counts as silence")
  func unreadable() {
    var presence = Presence()
    presence.look(at: "a", sign: 1, now: .seconds(0))
    for second in 1...20 { presence.look(at: "a", sign: nil, now: .seconds(second)) }
    #expect(presence.silence(of: "a") == .seconds(20))
  }
}

@Suite("A worker's own view of its lease")
struct OwnLeaseTests {
  @Test("regular signs leave no doubt")
  func regular() {
    var lease = OwnLease(length: .seconds(60), now: .zero)
    for second in stride(from: 5, through: 600, by: 5) {
      lease.signed(at: .seconds(second))
      #expect(!lease.isDoubtful(at: .seconds(second + 4)))
    }
  }

  @Test("a worker that was stopped is in doubt as soon as it looks, also when its sign was written first")
  func stopped() {
    var lease = OwnLease(length: .seconds(60), now: .zero)
    #expect(lease.isDoubtful(at: .seconds(31)))
    lease.signed(at: .seconds(100))
    #expect(lease.isDoubtful(at: .seconds(100)))
  }

  @Test("a confirmed lease is as good as new")
  func confirmed() {
    var lease = OwnLease(length: .seconds(60), now: .zero)
    lease.signed(at: .seconds(100))
    lease.confirmed(at: .seconds(101))
    #expect(!lease.isDoubtful(at: .seconds(105)))
    #expect(lease.isDoubtful(at: .seconds(140)))
  }
}
