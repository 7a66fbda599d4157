package sso

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	portal "github.com/aws/aws-sdk-go-v2/service/sso"

	"fob/internal/fob"
	"fob/internal/principal"
)

// workers is how many calls run at once: enough that the rate limit decides and not the latency, up
// to a second for each answer.
const workers = 24

// pageSize is the portal's maximum.
const pageSize = 100

// Discover lists all accounts, then the roles of each, with one limiter for all calls. If the token
// expires meanwhile, the source refreshes it once for all workers.
func (s *session) Discover(ctx context.Context, d principal.Discovery) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	find := &search{name: s.profile.Name, portal: portalClient(s.profile, s.env, 1), limit: portalLimiter(s.profile, s.env), source: d.Source, ui: s.env.UI}
	accounts, err := find.accounts(ctx)
	if err != nil {
		return err
	}
	queue := make(chan fob.Account)
	var reporting sync.Mutex
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for a := range queue {
				roles, err := find.roles(ctx, a.ID)
				if err != nil {
					cancel(err)
					return
				}
				a.Roles = roles
				reporting.Lock()
				d.Found(a, len(accounts))
				reporting.Unlock()
			}
		})
	}
	for _, a := range accounts {
		reporting.Lock()
		d.Found(a, len(accounts))
		reporting.Unlock()
		if d.Done[a.ID] {
			continue
		}
		select {
		case queue <- a:
		case <-ctx.Done():
		}
	}
	close(queue)
	running.Wait()
	return context.Cause(ctx)
}

type search struct {
	name   string
	portal *portal.Client
	limit  *principal.Limiter
	source principal.Principal
	ui     fob.UI
	told   sync.Once

	mu    sync.Mutex
	since time.Time // when calls began to fail, without a success since
}

func (s *search) accounts(ctx context.Context) ([]fob.Account, error) {
	var all []fob.Account
	var next *string
	for {
		var out *portal.ListAccountsOutput
		err := s.call(ctx, func(token string) (err error) {
			out, err = s.portal.ListAccounts(ctx, &portal.ListAccountsInput{AccessToken: &token, MaxResults: aws.Int32(pageSize), NextToken: next})
			return err
		})
		if err != nil {
			return nil, principal.Explain(s.name, "accounts", err)
		}
		for _, a := range out.AccountList {
			all = append(all, fob.Account{ID: aws.ToString(a.AccountId), Name: aws.ToString(a.AccountName), Email: aws.ToString(a.EmailAddress)})
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return all, nil
		}
	}
}

func (s *search) roles(ctx context.Context, account string) ([]string, error) {
	names := []string{}
	var next *string
	for {
		var out *portal.ListAccountRolesOutput
		err := s.call(ctx, func(token string) (err error) {
			out, err = s.portal.ListAccountRoles(ctx, &portal.ListAccountRolesInput{
				AccessToken: &token, AccountId: &account, MaxResults: aws.Int32(pageSize), NextToken: next})
			return err
		})
		if noAccess(err) {
			return names, nil // the account, or the user's access to it, disappeared during the search
		}
		if err != nil {
			return nil, principal.Explain(s.name, "roles of account "+account, err)
		}
		for _, r := range out.RoleList {
			names = append(names, aws.ToString(r.RoleName))
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return names, nil
		}
	}
}

// patience is how long a search goes on while all calls fail: longer than the longest pause that
// AWS may ask for. Time in which a person signs in does not count.
const patience = principal.MaxPause + 30*time.Second

// answered records a success.
func (s *search) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Time{}
}

// hopeless reports, after a failure, whether all calls have failed for too long.
func (s *search) hopeless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = time.Now()
	}
	return time.Since(s.since) > patience
}

// call makes one call when the limiter allows it. It repeats it while AWS throttles or cannot be
// reached, and with a new token if the old one was refused.
func (s *search) call(ctx context.Context, do func(token string) error) error {
	for dead, failed := 0, 0; ; {
		token, err := s.source.Credentials(ctx)
		asked := err == nil
		if asked {
			if err := s.limit.Wait(ctx); err != nil {
				return err
			}
			err = do(token.SessionToken.Reveal())
		}
		switch {
		case err == nil:
			s.limit.OK()
			s.answered()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case asked && principal.IsExpired(err) && dead < 2:
			dead++
			if r, ok := s.source.(principal.Renewable); ok {
				if err := r.Dead(ctx, token); err != nil {
					return err
				}
			}
			continue
		case !principal.Throttled(err) && !isTransient(err):
			s.answered()
			return err
		case s.hopeless():
			return err
		case asked && principal.Throttled(err):
			s.limit.Slow(principal.RetryAfter(err)) // for all workers
			continue
		}
		if failed++; failed == tellAfter {
			s.told.Do(func() { s.ui.Tell(ctx, "AWS does not answer; trying on for "+patience.String()) })
		}
		if err := pause(ctx, failed); err != nil {
			return err
		}
	}
}

// Pauses after a call without an answer: exponential with full jitter, so that calls which failed
// together are not repeated together.
const (
	firstPause  = 500 * time.Millisecond
	longestOnes = 6 // the longest pause, 16 s
	tellAfter   = 3
)

func pause(ctx context.Context, failed int) error {
	select {
	case <-time.After(rand.N(firstPause << min(failed-1, longestOnes-1))):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
