package fakeaws

import "time"

// SetLifetime caps how long what is issued from now on stays valid, below the 15
// minutes that are the least AWS can be asked for: so that tests see credentials
// expire without waiting. Parameters are checked as ever. Zero: no cap.
func (s *Server) SetLifetime(d time.Duration) { s.lifetime.Store(int64(max(d, 0))) }

// capped is how long a session that asked for d lasts.
func (s *Server) capped(d time.Duration) time.Duration {
	if limit := time.Duration(s.lifetime.Load()); limit > 0 {
		return min(d, limit)
	}
	return d
}
